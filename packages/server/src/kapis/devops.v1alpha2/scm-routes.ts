import { queryText } from '../parameters.ts';
import type { RouteTuple } from '../route-table.ts';
import { type jenkinsHandlers, PATHS } from './jenkins-handlers.ts';
import { TEXT } from './jenkins-request.ts';
import {
  NewScmServerSchema,
  OrganizationsSchema,
  RepositoriesSchema,
  ScmServerSchema,
  ScmServersSchema,
  ValidatesSchema,
} from './types.ts';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

const CREDENTIAL_PARAMETERS = [
  queryText('credentialId', 'credential in Jenkins'),
  queryText('apiUrl', 'URL of the API'),
];

/** Routes of servers, organizations and repositories that pipelines come from. */
export function scmTuples({
  json,
  createScmServer,
}: ReturnType<typeof jenkinsHandlers>): RouteTuple[] {
  const tags = ['DevOps Scm'];

  return [
    [
      'GET',
      '/scms/{scm}/servers',
      'GetSCMServers',
      'Servers of a source code management',
      json(ScmServersSchema, PATHS.scmServers),
      { tags, returns: ScmServersSchema },
    ],
    [
      'POST',
      '/scms/{scm}/servers',
      'CreateSCMServers',
      'Add a server; one with the same URL is returned instead',
      createScmServer,
      { tags, rawBody: true, body: NewScmServerSchema, returns: ScmServerSchema },
    ],
    [
      'GET',
      '/scms/{scm}/organizations',
      'GetSCMOrg',
      'Organizations that a credential can read',
      json(OrganizationsSchema, PATHS.scmOrganizations, { query: true }),
      { tags, returns: OrganizationsSchema, parameters: CREDENTIAL_PARAMETERS },
    ],
    [
      'GET',
      '/scms/{scm}/organizations/{organization}/repositories',
      'GetOrgRepo',
      'Repositories of an organization',
      json(RepositoriesSchema, PATHS.scmRepositories, { query: true }),
      {
        tags,
        returns: RepositoriesSchema,
        parameters: [
          ...CREDENTIAL_PARAMETERS,
          queryText('pageNumber', 'page, from 1'),
          queryText('pageSize', 'repositories a page'),
        ],
      },
    ],
    [
      'POST',
      '/scms/{scm}/verify',
      'Validate',
      'Check a credential of a source code management',
      json(ValidatesSchema, PATHS.scmValidate, { method: 'PUT' }),
      { tags, rawBody: true, returns: ValidatesSchema },
    ],
  ];
}

/** Routes that servers of source code managements call when something was pushed. */
export function webhookTuples({ text }: ReturnType<typeof jenkinsHandlers>): RouteTuple[] {
  const tags = ['DevOps Webhook'];
  const parameters = [queryText('url', 'URL of the repository')];
  const notify = text(PATHS.gitWebhook, { query: true });

  return [
    [
      'GET',
      '/webhook/git',
      'GetNotifyCommit',
      'Report a push to a Git repository',
      notify,
      { tags, parameters, produces: [TEXT] },
    ],
    [
      'POST',
      '/webhook/git',
      'PostNotifyCommit',
      'Report a push to a Git repository',
      notify,
      { tags, parameters, rawBody: true, consumes: [JSON_TYPE], produces: [TEXT] },
    ],
    [
      'POST',
      '/webhook/github',
      'GithubWebhook',
      'Report an event of GitHub',
      text(PATHS.githubWebhook, { method: 'POST' }),
      { tags, rawBody: true, consumes: [FORM, JSON_TYPE], produces: [TEXT, JSON_TYPE] },
    ],
  ];
}
