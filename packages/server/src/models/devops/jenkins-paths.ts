import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';

const ORGANIZATION = '/blue/rest/organizations/jenkins';

/** Names in the path of a call. */
export type PathNames = Readonly<Record<string, string>>;

/** A name as clients send it: encoded once more by those that have a slash in it. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/**
 * Returns a name as one segment of Jenkins' path. Throws BadRequest for names that Jenkins could
 * read as another path than the one that was authorized.
 */
export function segment(name: string): string {
  const text = decoded(name);
  if (
    text === '' ||
    /[\p{Cc}\\]/u.test(text) ||
    text.split('/').some((part) => /^\.{0,2}(;|$)/.test(part))
  ) {
    throw badRequest(`"${name}" must not be empty or hold a dot segment or control character`);
  }

  return encodeURIComponent(text);
}

/** Returns a name that is never one of a branch, as a segment. Throws BadRequest for a slash. */
function plainSegment(name: string): string {
  const encoded = segment(name);
  if (encoded.includes('%2F')) {
    throw badRequest(`"${name}" must not hold a slash`);
  }

  return encoded;
}

/** Path of a pipeline, or of one of its branches, in Blue Ocean's API. */
export function pipelinePath({ devops = '', pipeline = '', branch }: PathNames): string {
  const path = `${ORGANIZATION}/pipelines/${plainSegment(devops)}/pipelines/${plainSegment(pipeline)}`;
  return branch === undefined ? path : `${path}/branches/${segment(branch)}`;
}

/** Path of a run. */
export function runPath(names: PathNames): string {
  return `${pipelinePath(names)}/runs/${plainSegment(names.run ?? '')}`;
}

/** Path of a step, or of all steps of a node. */
export function stepsPath(names: PathNames): string {
  const path = `${runPath(names)}/nodes/${plainSegment(names.node ?? '')}/steps`;
  return names.step === undefined ? path : `${path}/${plainSegment(names.step)}`;
}

/** Path of a job or folder of Jenkins itself. Branches are jobs whose names are encoded. */
export function jobPath({ devops = '', pipeline, branch }: PathNames): string {
  const folder = `/job/${plainSegment(devops)}`;
  const job = pipeline === undefined ? folder : `${folder}/job/${plainSegment(pipeline)}`;
  return branch === undefined ? job : `${job}/job/${encodeURIComponent(segment(branch))}`;
}

/** Path of a kind of source code management in Blue Ocean's API. */
export function scmPath({ scm = '', organization }: PathNames): string {
  const path = `${ORGANIZATION}/scm/${plainSegment(scm)}`;
  return organization === undefined
    ? path
    : `${path}/organizations/${plainSegment(organization)}/repositories/`;
}

/** Path of a credential in the store of a project. */
export function credentialPath({ devops = '', credential = '' }: PathNames): string {
  return `${jobPath({ devops })}/credentials/store/folder/domain/_/credential/${plainSegment(credential)}`;
}
