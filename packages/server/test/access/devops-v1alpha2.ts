import { EVERYBODY, LOGGED_IN, MANAGERS, members, PLATFORM, type Row, type Table } from './row.ts';

const K = '/kapis/devops.kubesphere.io/v1alpha2';
const PIPELINE = `${K}/devops/{devops}/pipelines/{pipeline}`;
const BRANCH = `${PIPELINE}/branches/{branch}`;

const rows = (method: string, paths: readonly string[], row: Row): Table =>
  Object.fromEntries(paths.map((path) => [`${method} ${path}`, [row]]));

/** Members of the workspace of a project see its pipelines, and its administrators run them. */
const READS = members('ws-viewer', 'ws-admin');
const WRITES = members('ws-admin');

const RUN = '/runs/{run}';
const STEP = `${RUN}/nodes/{node}/steps/{step}`;

/** Paths of runs that are read, below a pipeline or a branch. */
const READ_OF_RUNS = [
  RUN,
  `${RUN}/artifacts`,
  `${RUN}/log`,
  `${RUN}/nodes`,
  `${RUN}/nodesdetail`,
  `${RUN}/nodes/{node}/steps`,
  `${STEP}/log`,
];

const WRITTEN_OF_RUNS = ['/runs', `${RUN}/stop`, `${RUN}/replay`, STEP];

const below = (places: readonly string[], paths: readonly string[]) =>
  places.flatMap((place) => paths.map((path) => place + path));

const BINARY = `${K}/namespaces/{namespace}/s2ibinaries/{s2ibinary}/file`;

/** Rows of pipelines in Jenkins and of files that images are built from. */
export const DEVOPS_V1ALPHA2: Table = {
  ...rows('GET', below([PIPELINE, BRANCH], ['', '/sonarstatus', ...READ_OF_RUNS]), {
    allowed: READS,
  }),
  ...rows('GET', below([PIPELINE], ['/branches', '/runs', '/consolelog']), { allowed: READS }),
  ...rows('POST', below([PIPELINE, BRANCH], WRITTEN_OF_RUNS), { allowed: WRITES }),
  ...rows('POST', below([PIPELINE], ['/scan', '/checkScriptCompile']), { allowed: WRITES }),
  ...rows('POST', [`${K}/devops/{devops}/checkCron`], { allowed: WRITES }),
  ...rows('GET', [`${K}/devops/{devops}/credentials/{credential}/usage`], { allowed: READS }),

  // Every user, as the forms of the console need them: answers are those for the user. The search
  // shows them the pipelines that they may read.
  ...rows(
    'GET',
    [
      `${K}/search`,
      `${K}/crumbissuer`,
      `${K}/scms/{scm}/servers`,
      `${K}/scms/{scm}/organizations`,
      `${K}/scms/{scm}/organizations/{organization}/repositories`,
    ],
    { allowed: LOGGED_IN },
  ),
  ...rows(
    'POST',
    [`${K}/scms/{scm}/servers`, `${K}/scms/{scm}/verify`, `${K}/tojenkinsfile`, `${K}/tojson`],
    { allowed: LOGGED_IN },
  ),

  // Git servers have no log-in here; Jenkins knows the repositories.
  ...rows('GET', [`${K}/webhook/git`], { allowed: EVERYBODY }),
  ...rows('POST', [`${K}/webhook/git`, `${K}/webhook/github`], { allowed: EVERYBODY }),

  // Everything that Jenkins shows, of all projects.
  ...rows('GET', [`${K}/jenkins/{path:*}`], { allowed: PLATFORM }),

  ...rows('PUT', [BINARY], { allowed: members('ns-operator', 'ws-admin') }),
  // Builders in the cluster download without a log-in, as in 3.0.
  ...rows('GET', [`${BINARY}/{file}`], {
    allowed: {
      own: ['anonymous', 'ns-viewer', 'ns-operator', 'ws-viewer', 'ws-admin', ...MANAGERS],
      other: ['anonymous', ...MANAGERS],
      none: ['anonymous', ...MANAGERS],
    },
  }),
};
