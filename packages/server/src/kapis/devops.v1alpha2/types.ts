import type { Parameter } from '@ks-apiserver/http/routes/route';
import { Type } from 'typebox';
import { queryText } from '../parameters.ts';
import { anything, count, flag, list, resource, text } from './fields.ts';

/** The value that proves to Jenkins that a write is meant. */
export const CrumbSchema = Type.Object(
  {
    _class: text('class of the issuer in Jenkins'),
    crumb: text('value of the header'),
    crumbRequestField: text('name of the header'),
  },
  { $id: 'devops.Crumb' },
);

/** What Jenkins says of a script. */
export const CheckScriptSchema = Type.Object(
  {
    column: count('column of the first error'),
    line: count('line of the first error'),
    message: text('error'),
    status: text('success or fail'),
  },
  { $id: 'devops.CheckScript' },
);

/** What Jenkins says of a schedule. */
export const CheckCronSchema = Type.Object(
  {
    result: text('ok, warning or error'),
    message: text('in words'),
    lastTime: text('when it would have run last'),
    nextTime: text('when it would run next'),
  },
  { $id: 'devops.CheckCronRes' },
);

/** A Jenkinsfile that was made of JSON. */
export const JenkinsfileSchema = Type.Object(
  {
    status: text('status'),
    data: Type.Object({
      result: text('success or failure'),
      jenkinsfile: text('the Jenkinsfile'),
      errors: list(
        Type.Object({
          location: list(Type.Unknown(), 'where in the JSON'),
          error: anything('what is wrong'),
        }),
        'errors',
      ),
    }),
  },
  { $id: 'devops.ResJenkinsfile' },
);

/** JSON that was made of a Jenkinsfile. */
export const PipelineJsonSchema = Type.Object(
  {
    status: text('status'),
    data: Type.Object({
      result: text('success or failure'),
      json: anything('the pipeline'),
      errors: list(Type.Unknown(), 'errors'),
    }),
  },
  { $id: 'devops.ResJson' },
);

const Repository = Type.Object(
  {
    ...resource('self'),
    avatar: text('URL of its picture'),
    defaultBranch: text('default branch'),
    description: text('description'),
    fullName: text('name with that of its owner'),
    name: text('name'),
    permissions: Type.Object({
      admin: flag('whether the credential may manage it'),
      push: flag('whether the credential may push to it'),
      pull: flag('whether the credential may pull from it'),
    }),
    private: flag('whether it is private'),
  },
  { $id: 'devops.Repository' },
);

/** Repositories of an organization. */
export const RepositoriesSchema = Type.Object(
  {
    ...resource('self'),
    repositories: Type.Object({
      ...resource('self'),
      items: list(Repository, 'repositories of this page'),
      lastPage: anything('last page'),
      nextPage: anything('next page'),
      pageSize: count('repositories of a page'),
    }),
  },
  { $id: 'devops.OrgRepo' },
);

/** Organizations of an account at a source code management. */
export const OrganizationsSchema = Type.Array(
  Type.Object(
    {
      ...resource('repositories', 'self'),
      avatar: text('URL of its picture'),
      jenkinsOrganizationPipeline: flag('whether Jenkins has pipelines of it'),
      key: text('key'),
      name: text('name'),
    },
    { $id: 'devops.SCMOrg' },
  ),
);

/** A server of a source code management. */
export const ScmServerSchema = Type.Object(
  {
    ...resource('self'),
    apiUrl: text('URL of its API'),
    id: text('id'),
    name: text('name'),
  },
  { $id: 'devops.SCMServer' },
);

/** Servers of a source code management. */
export const ScmServersSchema = Type.Array(ScmServerSchema);

/** A credential that works. */
export const ValidatesSchema = Type.Object(
  { credentialId: text('id of the credential') },
  { $id: 'devops.Validates' },
);

/** Which runs have used a credential. */
export const CredentialUsageSchema = Type.Object(
  {
    id: Type.String({ description: 'id of the credential' }),
    type: Type.String({ description: 'type of the credential' }),
    display_name: text('name as it is shown'),
    domain: text('domain in Jenkins'),
    description: text('description'),
    fingerprint: Type.Optional(
      Type.Object({
        file_name: text('file name'),
        hash: text('hash of the credential'),
        usage: list(
          Type.Object({
            name: text('pipeline with its folders'),
            ranges: Type.Optional(
              Type.Object({
                ranges: list(
                  Type.Object({ start: count('first run'), end: count('run after the last') }),
                  'ranges of runs',
                ),
              }),
            ),
          }),
          'pipelines that have used it',
        ),
      }),
    ),
  },
  { $id: 'devops.Credential' },
);

/** What SonarQube found in a build. */
export const SonarStatusSchema = Type.Array(
  Type.Object(
    {
      measures: anything('measures of SonarQube'),
      issues: anything('open issues'),
      task: anything('task of the analysis'),
      jenkinsAction: anything('what Jenkins keeps of the analysis'),
    },
    { $id: 'devops.SonarStatus' },
  ),
);

const Value = Type.Object(
  { name: text('name of the parameter'), value: anything('value') },
  { $id: 'devops.ParameterValue' },
);

/** Body of a call that starts a run. */
export const RunPayloadSchema = Type.Object(
  { parameters: list(Value, 'parameters of the run') },
  { $id: 'devops.RunPayload' },
);

/** Body of the answer to a step that waits for input. */
export const InputAnswerSchema = Type.Object(
  {
    id: text('id of the input'),
    parameters: list(Value, 'parameters that are asked for'),
    abort: flag('whether the run ends here'),
  },
  { $id: 'devops.CheckPlayload' },
);

/** Form with a Jenkinsfile to check. */
export const ScriptSchema = Type.Object(
  { value: text('the Jenkinsfile') },
  { $id: 'devops.ReqScript' },
);

/** Body with a schedule to check. */
export const CronDataSchema = Type.Object(
  {
    cron: Type.String({ description: 'schedule, such as H 2 * * 1-5' }),
    pipelineName: text('pipeline, if there is one yet'),
  },
  { $id: 'devops.CronData' },
);

/** Body with a server of a source code management. */
export const NewScmServerSchema = Type.Object(
  { apiUrl: text('URL of its API'), name: text('name') },
  { $id: 'devops.CreateScmServerReq' },
);

/** Form with a pipeline as JSON. */
export const JsonFormSchema = Type.Object(
  { json: text('the pipeline') },
  { $id: 'devops.ReqJson' },
);

/** Form with a Jenkinsfile. */
export const JenkinsfileFormSchema = Type.Object(
  { jenkinsfile: text('the Jenkinsfile') },
  { $id: 'devops.ReqJenkinsfile' },
);

/** The part of a list that a call asks for. */
export const PAGE_PARAMETERS: readonly Parameter[] = [
  queryText('start', 'number of the first item, from 0'),
  queryText('limit', 'items a page'),
];

/** Where a log is read on. */
export const LOG_PARAMETERS: readonly Parameter[] = [
  queryText('start', 'position in bytes; the X-Text-Size of the answer before'),
];
