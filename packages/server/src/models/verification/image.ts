/** A parsed image reference. */
export interface ImageReference {
  /** Host with port. */
  registry: string;
  repository: string;
  /** Tag, or `algorithm:hex` of a manifest. */
  reference: string;
}

const DOMAIN =
  /^(localhost|[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+|[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*:\d{1,5}|\[[0-9a-fA-F:]+\](:\d{1,5})?)(:\d{1,5})?$/;
const COMPONENT = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const LONGEST = 512;

/** Parses `[registry/]repository[:tag][@digest]` as Docker does. Throws a SyntaxError. */
export function parseImage(image: string): ImageReference {
  const wrong = () =>
    new SyntaxError(
      `parsing image ${JSON.stringify(image.slice(0, LONGEST))} failed: invalid reference format`,
    );

  if (image === '' || image.length > LONGEST) {
    throw wrong();
  }

  const at = image.indexOf('@');
  const digest = at < 0 ? undefined : image.slice(at + 1);
  let rest = at < 0 ? image : image.slice(0, at);
  const slash = rest.indexOf('/');
  const first = slash < 0 ? '' : rest.slice(0, slash);
  const named = first !== '' && DOMAIN.test(first);
  const registry = named ? first : 'docker.io';

  if (named) {
    rest = rest.slice(slash + 1);
  }

  const colon = rest.indexOf(':');
  const tag = colon < 0 ? 'latest' : rest.slice(colon + 1);
  let repository = colon < 0 ? rest : rest.slice(0, colon);
  if (registry === 'docker.io' && !repository.includes('/')) {
    repository = `library/${repository}`;
  }
  if (!repository.split('/').every((part) => COMPONENT.test(part)) || !TAG.test(tag)) {
    throw wrong();
  }
  if (digest !== undefined && !DIGEST.test(digest)) {
    throw wrong();
  }

  return { registry, repository, reference: digest ?? tag };
}

/** Parses `[registry/]repository` without tag and digest. Throws a SyntaxError. */
export function parseRepository(text: string): Pick<ImageReference, 'registry' | 'repository'> {
  const { registry, repository, reference } = parseImage(text);
  if (text.includes('@') || reference !== 'latest' || text.endsWith(':latest')) {
    throw new SyntaxError(
      `${JSON.stringify(text.slice(0, LONGEST))} is not a repository: leave out tag and digest`,
    );
  }

  return { registry, repository };
}

/** Returns the URL of a registry's API: Docker Hub's differs from the name in its images. */
export function registryUrl(serverhost: string): URL {
  const text = /^https?:\/\//.test(serverhost) ? serverhost : `https://${serverhost}`;
  const url = new URL(text);
  if (/^(docker\.io|index\.docker\.io)$/.test(url.hostname)) {
    url.hostname = 'registry-1.docker.io';
  }

  return new URL(`${url.protocol}//${url.host}/`);
}
