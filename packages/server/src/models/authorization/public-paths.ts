const HEALTH = new Set(['/healthz', '/livez', '/readyz']);

/** Paths that anybody may call, even without logging in: the exact reach of anonymous callers. */
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
