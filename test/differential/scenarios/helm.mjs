// Helm: typical published charts, installed, upgraded, rolled back and uninstalled.
import { fileURLToPath } from 'node:url';

const chart = (name) => fileURLToPath(new URL(`../../charts/${name}`, import.meta.url));

/** Records the objects of a release: kinds and names, and the specs of the last revision. */
async function recordRelease(api, resources) {
  await api.kubectl(`get ${resources} -o name --sort-by=.metadata.name`);

  await api.helm('list -o json', ({ name, revision, status, chart }) => ({
    name,
    revision,
    status,
    chart,
  }));
}

const lifecycle = (name, resources, changes, looks) => ({
  name: `chart ${name}`,
  run: async (api) => {
    // No pods of hooks run on the real server.
    const options = `${chart(name)} --no-hooks`;
    const { exit, stderr } = await api.helm(`install r ${options}`);
    if (exit !== 0) {
      throw new Error(stderr);
    }

    await recordRelease(api, resources);

    for (const line of looks) {
      await api.kubectl(line);
    }

    await api.helm(`upgrade r ${options} ${changes}`);
    await recordRelease(api, resources);

    for (const line of looks) {
      await api.kubectl(line);
    }

    await api.helm('get values r -o yaml');
    await api.helm(`upgrade r ${options} --set replicas=nonsense`);
    await api.helm('rollback r 1 --no-hooks');

    for (const line of looks) {
      await api.kubectl(line);
    }

    await api.helm('history r --max 10 -o json', ({ revision, status, chart }) => ({
      revision,
      status,
      chart,
    }));

    await api.helm('uninstall r --no-hooks');
    await recordRelease(api, resources);
    await api.helm('uninstall r');
  },
});

export default [
  lifecycle(
    'shop',
    'deployments,services,ingresses,configmaps,serviceaccounts,poddisruptionbudgets,horizontalpodautoscalers',
    '--set autoscaling.enabled=true --set ingress.enabled=false --set settings.LOG_LEVEL=debug --set image.tag=3.2',
    [
      'get deployment r -o jsonpath={.spec.template.spec}',
      'get deployment r -o jsonpath={.spec.replicas}',
      'get configmap r -o jsonpath={.data}',
    ],
  ),
  lifecycle(
    'database',
    'statefulsets,services,secrets,networkpolicies,cronjobs',
    '--set replicas=5 --set backup.schedule=@daily --set password=later',
    [
      'get statefulset r -o jsonpath={.spec}',
      'get secret r -o jsonpath={.data.password}',
      'get cronjob r-backup -o jsonpath={.spec.schedule}',
      'get rolebinding r -o jsonpath={.subjects}',
    ],
  ),
  lifecycle(
    'operator',
    'deployments,gadgets.chart.example.com,serviceaccounts',
    '--set gadgets={two,three}',
    [
      'get gadgets',
      'get gd two -o jsonpath={.spec}',
      'get clusterrole -o name --field-selector metadata.name=none',
    ],
  ),
];
