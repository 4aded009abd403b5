const HEALTH = new Set(['/healthz', '/livez', '/readyz']);

/** Whether anybody may call a path, without logging in: all that anonymous callers reach. */
export function isPublicPath(path: string): boolean {
  return (
    path.startsWith('/oauth/') ||
    path === '/.well-known/openid-configuration' ||
    path.startsWith('/kapis/config.kubesphere.io/') ||
    path === '/kapis/version' ||
    HEALTH.has(path) ||
    path === '/docs' ||
    path.startsWith('/docs/')
  );
}
