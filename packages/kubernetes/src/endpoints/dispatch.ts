import {
  badRequest,
  internalError,
  methodNotAllowed,
  noSuchPath,
  notFound,
} from '@ks-apiserver/apimachinery/meta/errors';
import { isGoDuration } from '@ks-apiserver/apimachinery/schema/formats';
import type {
  KubeRequest,
  KubeResponse,
  UserInfo,
} from '@ks-apiserver/apimachinery/transport/transport';
import type { Subresource } from '../registry/resources/resource-type.ts';
import { type ApiPath, parseApiPath } from './api-path.ts';
import type { Api, Call } from './call.ts';
import { list } from './list/list.ts';
import { isTrue } from './query.ts';
import { errorResponse, withWarnings } from './respond.ts';
import { create } from './verbs/create.ts';
import { remove } from './verbs/delete.ts';
import { removeCollection } from './verbs/delete-collection.ts';
import { get } from './verbs/get.ts';
import { patch } from './verbs/patch.ts';
import { update } from './verbs/update.ts';
import { watch } from './verbs/watch.ts';

/** Handles one call. */
export type Verb = (call: Call) => Promise<KubeResponse>;

const OBJECT_VERBS: Record<string, Verb> = {
  get,
  list,
  watch,
  create,
  update,
  patch,
  delete: remove,
  deletecollection: removeCollection,
};

function objectVerb(verb: string): Verb {
  const run = OBJECT_VERBS[verb];
  if (!run) {
    throw internalError(`nothing serves the verb ${verb}`);
  }

  return run;
}

/**
 * The Kubernetes verb of a method on a path; undefined for methods that Kubernetes does not know.
 */
export function verbOf(method: string, path: ApiPath, query: URLSearchParams): string | undefined {
  const one = path.name !== '';

  switch (method) {
    case 'GET':
    case 'HEAD': {
      if (path.legacyWatch || (!one && isTrue(query, 'watch'))) {
        return 'watch';
      }
      return one ? 'get' : 'list';
    }
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return one ? 'delete' : 'deletecollection';
    default:
      return undefined;
  }
}

/**
 * What handles the verbs of resources and subresources that are not plain objects, by
 * `resource[/subresource][.group]:verb`.
 */
export type SpecialVerbs = ReadonlyMap<string, Verb>;

/** Kubernetes' warnings about deprecated kinds, by `group/Kind`. */
const DEPRECATED: ReadonlyMap<string, string> = new Map([
  ['/Endpoints', 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'],
  ['/ComponentStatus', 'v1 ComponentStatus is deprecated in v1.19+'],
]);

/** Finds the resource and verb of a request; throws StatusErrors 404 and 405. */
export function resolve(
  api: Api,
  special: SpecialVerbs,
  request: KubeRequest,
  url: URL,
  user: UserInfo,
  path = parseApiPath(url.pathname),
): { call: Call; verb: string; run: Verb } {
  const type = path && api.catalog.find(path.group, path.version, path.resource);
  if (!path || !type) {
    throw noSuchPath();
  }

  const query = url.searchParams;
  const verb = verbOf(request.method, path, query);
  const call: Call = { api, request, query, user, type, path, warnings: [], now: new Date() };
  const deprecation = type.custom
    ? type.custom.deprecationWarning
    : DEPRECATED.get(`${type.group}/${type.kind}`);

  if (deprecation) {
    call.warnings.push(deprecation);
  }

  const timeout = query.get('timeout');
  if (timeout && verb !== 'watch' && !isGoDuration(timeout)) {
    const why = `time: invalid duration ${JSON.stringify(timeout)}`;
    throw badRequest(`invalid timeout specified in the request URL - ${why}`);
  }

  if (path.legacyWatch && verb !== 'watch') {
    throw methodNotAllowed();
  }

  const cluster = type.namespaced && path.namespace === '';

  if (!type.namespaced && path.namespace !== '') {
    throw noSuchPath();
  }

  if (path.subresource === '') {
    const one = path.name !== '';

    // Across namespaces, namespaced resources can only be listed and watched.
    if (cluster && one) {
      throw noSuchPath();
    }
    if (cluster && verb !== 'list' && verb !== 'watch') {
      throw methodNotAllowed();
    }
    if (verb === undefined || !type.verbs.includes(verb)) {
      throw methodNotAllowed();
    }
    if (one ? verb === 'create' : verb === 'update' || verb === 'patch') {
      throw methodNotAllowed();
    }

    const run = special.get(specialKey(type.group, type.resource, '', verb)) ?? objectVerb(verb);

    return { call, verb, run };
  }

  const subresource: Subresource | undefined = type.subresources.find(
    ({ name }) => name === path.subresource,
  );

  // A subresource that a definition does not enable is answered like a missing object.
  if (!subresource && type.custom && !cluster) {
    throw notFound({ group: type.group, resource: type.resource, name: path.name });
  }
  if (!subresource || cluster) {
    throw noSuchPath();
  }

  const found =
    special.get(specialKey(type.group, type.resource, path.subresource, verb ?? '')) ??
    special.get(`*/${path.subresource}:${verb}`);

  if (verb === undefined || !subresource.verbs.includes(verb)) {
    throw methodNotAllowed();
  }

  return { call, verb, run: found ?? objectVerb(verb) };
}

/** Key of a verb in SpecialVerbs. */
export function specialKey(
  group: string,
  resource: string,
  subresource: string,
  verb: string,
): string {
  return `${resource}${subresource && `/${subresource}`}${group && `.${group}`}:${verb}`;
}

/** Runs a call and adds its warnings, also to the response of a call that failed. */
export async function run(verb: Verb, call: Call): Promise<KubeResponse> {
  try {
    return withWarnings(await verb(call), call.warnings);
  } catch (error) {
    if (call.warnings.length === 0) {
      throw error;
    }
    return withWarnings(errorResponse(error), call.warnings);
  }
}
