// Starts the viewer. Tokens stay in the page's memory: they are gone when it is closed.
globalThis.SwaggerUIBundle({
  url: '/docs/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'none',
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  queryConfigEnabled: false,
  // The validator is a service of others.
  validatorUrl: null,
});
