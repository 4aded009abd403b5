import {
  formOf,
  type JenkinsRequest,
  type JenkinsRoute,
  json,
  page,
  redirect,
} from './exchange.ts';
import type { JenkinsCredential } from './state.ts';

const STORE = '^/job/([^/]+)/credentials/store/folder/domain/_';

/** Classes that Jenkins can make of a form. */
const CLASSES: ReadonlySet<unknown> = new Set([
  'com.cloudbees.plugins.credentials.impl.UsernamePasswordCredentialsImpl',
  'com.cloudbees.jenkins.plugins.sshcredentials.impl.BasicSSHUserPrivateKey',
  'org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl',
  'com.microsoft.jenkins.kubernetes.credentials.KubeconfigCredentials',
]);

function submitted(request: JenkinsRequest): Record<string, unknown> | undefined {
  try {
    const form = JSON.parse(formOf(request).get('json') ?? '');
    return typeof form === 'object' && form !== null ? form : undefined;
  } catch {
    return undefined;
  }
}

function credentialOf(value: unknown): JenkinsCredential | undefined {
  const credential = value as JenkinsCredential | undefined;
  return typeof credential?.id === 'string' && CLASSES.has(credential['stapler-class'])
    ? credential
    : undefined;
}

/** Routes of the credentials of a folder. */
export const credentialRoutes: readonly JenkinsRoute[] = [
  {
    method: 'POST',
    path: new RegExp(`${STORE}/createCredentials$`),
    answer: (request, state, [folder = '']) => {
      const credentials = state.find(folder)?.credentials;
      const credential = credentialOf(submitted(request)?.credentials);
      if (!credentials) {
        return page(404, 'Not Found');
      }
      if (!credential) {
        return page(400, 'Bad Request');
      }
      if (credentials.has(credential.id)) {
        return page(409, 'Conflict');
      }

      credentials.set(credential.id, credential);

      return redirect('.');
    },
  },
  {
    method: 'POST',
    path: new RegExp(`${STORE}/credential/([^/]+)/updateSubmit$`),
    answer: (request, state, [folder = '', id = '']) => {
      const credentials = state.find(folder)?.credentials;
      const credential = credentialOf(submitted(request));
      if (!credentials?.has(id)) {
        return page(404, 'Not Found');
      }
      if (!credential) {
        return page(400, 'Bad Request');
      }

      credentials.set(id, credential);

      return redirect('.');
    },
  },
  {
    method: 'POST',
    path: new RegExp(`${STORE}/credential/([^/]+)/doDelete$`),
    answer: (_request, state, [folder = '', id = '']) =>
      state.find(folder)?.credentials.delete(id) ? redirect('.') : page(404, 'Not Found'),
  },
  {
    method: 'GET',
    path: new RegExp(`${STORE}/api/json$`),
    answer: (_request, state, [folder = '']) => {
      const item = state.find(folder);
      if (!item) {
        return page(404, 'Not Found');
      }

      return json({
        _class: 'com.cloudbees.plugins.credentials.CredentialsStoreAction$DomainWrapper',
        credentials: [...item.credentials.keys()].map((id) => ({ id })),
      });
    },
  },
  {
    method: 'GET',
    path: new RegExp(`${STORE}/credential/([^/]+)/api/json$`),
    answer: (_request, state, [folder = '', id = '']) => {
      const credential = state.find(folder)?.credentials.get(id);
      if (!credential) {
        return page(404, 'Not Found');
      }

      return json({
        _class: 'com.cloudbees.plugins.credentials.CredentialsStoreAction$CredentialsWrapper',
        id,
        description: credential.description ?? '',
        displayName: `${id}/******`,
        fullName: `${folder}/folder/_/${id}`,
        typeName: String(credential['stapler-class']).split('.').at(-1),
        fingerprint: null,
      });
    },
  },
];
