// Common kubectl commands and their output.
import assert from 'node:assert/strict';
import { kubectl } from './kubectl.mjs';

// One command per line, its standard input after a <, then the expected output; every create sends
// protobuf.
const commands = `
create configmap c --from-literal=a=b => configmap/c created
create secret generic s --from-literal=a=b => secret/s created
create serviceaccount sa => serviceaccount/sa created
create token sa => ^eyJ
create deployment d --image=x => deployment.apps/d created
create service clusterip cip --tcp=80:80 => service/cip created
create role r --verb=get --resource=pods => role.rbac.authorization.k8s.io/r created
create clusterrole cr --verb=get --resource=pods => cr created
create rolebinding rb --role=r --user=jane => rb created
create clusterrolebinding crb --clusterrole=cr --user=joe => crb created
create quota q --hard=pods=100 => resourcequota/q created
create job j --image=x => job.batch/j created
create cronjob cj --image=x --schedule=@daily => cronjob.batch/cj created
create ingress i --rule=h/p=cip:80 => ingress.networking.k8s.io/i created
create poddisruptionbudget p --selector=a=b --min-available=1 => p created
create priorityclass pc --value=1 => pc created
run pod1 --image=x => pod/pod1 created
expose deployment d --port=80 --name=ex => service/ex exposed
scale deployment d --replicas=2 => deployment.apps/d scaled
autoscale deployment d --min=1 --max=3 => horizontalpodautoscaler.autoscaling/d autoscaled
rollout restart deployment d => deployment.apps/d restarted
set image deployment/d x=y => deployment.apps/d image updated
label configmap c l=1 => configmap/c labeled
annotate configmap c n=1 => configmap/c annotated
patch configmap c -p {"data":{"z":"1"}} => configmap/c patched
get configmap c -o jsonpath={.data.z} => ^1$
auth can-i create pods => yes
auth can-i get pods --as=jane => yes
auth can-i delete pods --as=jane -q => exit 1
auth whoami => {user}
explain deployment.spec.replicas => FIELD: replicas
explain user.spec.email => FIELD: email
explain workspaces --recursive => networkIsolation
api-resources --api-group=iam.kubesphere.io => globalroles
api-versions => iam.kubesphere.io/v1alpha2
get all => deployment.apps/d +0/2
get deployments,pods,services -o wide => SELECTOR
get pods --watch --request-timeout=1s => pod1
get iam => globalrole.iam.kubesphere.io/platform-admin
describe deployment d => Replicas: +2 desired
describe namespace default => Active
describe globalrole anonymous => config.kubesphere.io
version => Server Version: v1
apply -f - < {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ap","labels":{"a":"1"}},"data":{"k":"1"}} => configmap/ap created
apply -f - < {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ap","labels":{"a":"1"}},"data":{"k":"1"}} => configmap/ap unchanged
diff -f - < {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ap","labels":{"a":"1"}},"data":{"k":"2"}} => exit 1
diff -f - < {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ap","labels":{"a":"1"}},"data":{"k":"1"}} => ^$
apply -f - < {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ap","labels":{"a":"1"}},"data":{"k":"2"}} => configmap/ap configured
apply view-last-applied configmap ap -o json => "k": "2"
apply --server-side --field-manager=other -f - < {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ap","labels":{"a":"1"}},"data":{"k":"3"}} => exit 1
apply --server-side --field-manager=other --force-conflicts -f - < {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ap","labels":{"a":"1"}},"data":{"k":"3"}} => serverside-applied
apply --prune -l a=1 --dry-run=server -f - < {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ap","labels":{"a":"1"}},"data":{"k":"3"}} => server dry run
replace -f - < {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ap","labels":{"a":"1"}},"data":{"k":"4"}} => configmap/ap replaced
get -f - -o jsonpath={.items[0].data.k} < {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ap","labels":{"a":"1"}},"data":{"k":"4"}} => ^4$
apply -f - < {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"ad"},"spec":{"replicas":0,"selector":{"matchLabels":{"a":"d"}},"template":{"metadata":{"labels":{"a":"d"}},"spec":{"containers":[{"name":"one","image":"i:1","env":[{"name":"A","value":"1"}]},{"name":"two","image":"i:1"}]}}}} => ad created
apply -f - < {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"ad"},"spec":{"replicas":0,"selector":{"matchLabels":{"a":"d"}},"template":{"metadata":{"labels":{"a":"d"}},"spec":{"containers":[{"name":"two","image":"i:2"},{"name":"one","image":"i:1","env":[{"name":"B","value":"1"}]}]}}}} => ad configured
get deployment ad -o jsonpath={.spec.template.spec.containers[*].name}-{.spec.template.spec.containers[*].env[*].name} => ^two one-B$
set env deployment/ad C=2 => env updated
set env deployment/ad --list => C=2
set resources deployment ad --limits=cpu=200m,memory=64Mi => resource requirements updated
set serviceaccount deployment ad sa => serviceaccount updated
set selector service cip x=y => service/cip selector updated
set subject rolebinding rb --user=jim => subjects updated
rollout pause deployment ad => deployment.apps/ad paused
rollout resume deployment ad => deployment.apps/ad resumed
rollout history deployment ad => No rollout history found
patch deployment ad --type=json -p [{"op":"replace","path":"/spec/minReadySeconds","value":3}] => patched
patch deployment ad --subresource=status --type=merge -p {"status":{"replicas":0}} => patched
get deployment ad --subresource=scale => ad
get configmaps -l a=1 -o name => configmap/ap
get configmaps --field-selector=metadata.name=ap -o custom-columns=N:.metadata.name,K:.data.k => ap +4
get configmaps --sort-by=.metadata.name --chunk-size=1 => kube-root-ca.crt
get configmap ap -o go-template={{.data.k}} => ^4$
get configmap ap -o yaml --show-managed-fields => manager: other
get deployments,configmaps -A --show-labels --no-headers => ad
get --raw /readyz => ok
label configmap ap a=2 => exit 1
label configmap ap a=2 --overwrite => labeled
label configmaps --all z=1 => labeled
annotate configmap ap n- => ap
logs pod1 => exit 1
exec pod1 -- ls => exit 1
cluster-info => is running at
auth can-i --list => ^[*][.][*] 
delete -f - < {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ap","labels":{"a":"1"}},"data":{"k":"4"}} => configmap "ap" deleted
delete deployment ad --cascade=orphan --now => deleted
wait configmap/c --for=jsonpath={.data.z}=1 --timeout=5s => condition met
delete configmap c => configmap "c" deleted
delete deployment d --cascade=foreground => deleted
delete pods,secrets,services,jobs,cronjobs,ingresses,hpa,pdb,quota,role,rolebinding --all => deleted
`
  .trim()
  .split('\n')
  .map((line) => line.split(' => '));

/**
 * Runs the commands in a namespace of its own, each as a test, and removes their objects.
 * @param {{kubeconfig: string}} cluster
 * @param {'kubectl' | 'kubectl-1.32'} name
 */
export async function testCommands(
  t,
  cluster,
  name,
  { user = 'kubernetes-admin', impersonates = true } = {},
) {
  const namespace = name.replace('.', '-');
  await kubectl(cluster, ['create', 'namespace', namespace], '', name);

  for (const [line, expected] of commands) {
    if (!impersonates && line.includes('--as=')) {
      continue;
    }

    await t.test(line, async () => {
      const [command, stdin = ''] = line.split(' < ');
      const args = ['--namespace', namespace, ...command.split(' ')];

      if (expected === 'exit 1') {
        return assert.rejects(kubectl(cluster, args, stdin, name), /exited with 1/);
      }

      const out = await kubectl(cluster, args, stdin, name);
      assert.match(out, new RegExp(expected.replaceAll('(', '\\(').replace('{user}', user), 'm'));
    });
  }

  for (const type of [
    'clusterrole/cr',
    'clusterrolebinding/crb',
    'priorityclass/pc',
    `namespace/${namespace}`,
  ]) {
    await kubectl(cluster, ['delete', type], '', name);
  }
}
