// Common kubectl commands and their output.

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  paused: true
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: "x:1"}]}
`;

/** Defines a scenario with one command per line; `<<` feeds the text after it. */
const scenario = (name, lines, stdin) => ({
  name,
  run: async (api) => {
    for (const line of lines
      .trim()
      .split('\n')
      .map((text) => text.trim())) {
      await api.kubectl(line, stdin);
    }
  },
});

export default [
  scenario(
    'create and what it prints',
    `create configmap c --from-literal=a=b --from-literal=c=d
     create configmap c --from-literal=a=b
     create secret generic s --from-literal=a=b
     create secret docker-registry r --docker-username=u --docker-password=p --docker-email=e
     create secret tls t --cert=none --key=none
     create serviceaccount sa
     create role r --verb=get,list --resource=pods,deployments.apps
     create role bad --verb=fly --resource=pods
     create role bad --verb=get --resource=nothings
     create rolebinding rb --role=r --user=jane --group=devs --serviceaccount=x:y
     create quota q --hard=count/things.example.com=3
     create priorityclass nope --value=x
     create ingress i --class=none --rule=h/p*=s:80,tls=t
     create poddisruptionbudget p --selector=no=pods --min-available=1
     create poddisruptionbudget p2 --selector=no=pods
     create service clusterip cip --tcp=80:8080 --clusterip=None
     create service externalname en --external-name=example.com
     create job j --image=x --dry-run=server -o name
     create cronjob cj --image=x --schedule="0 0 1 1 *" --dry-run=server -o name
     create cronjob cj2 --image=x --schedule=nonsense
     create configmap BAD
     create namespace default
     create token default --duration=5m
     create token none
     get configmaps,secrets,serviceaccounts -o name
     get role r -o jsonpath={.rules}
     get rolebinding rb -o wide
     get ingress
     get pdb
     get services
     get secret s -o jsonpath={.data.a}
     delete configmap c
     delete configmap c
     delete configmap c --ignore-not-found
     delete secrets --all
     delete rolebinding/rb role/r ingress/i pdb/p services/cip`,
  ),
  scenario(
    'apply, edit, patch, label, annotate',
    `apply -f -
     apply -f -
     get deployment web -o jsonpath={.metadata.annotations}
     label deployment web tier=front
     label deployment web tier=front
     label deployment web tier=back
     label deployment web tier=back --overwrite
     label deployment web tier-
     label deployment web bad=^^
     annotate deployment web note=1
     annotate deployment web note-
     set image deployment/web c=x:2
     set image deployment/web nope=x:2
     set env deployment/web A=B
     set resources deployment/web --limits=cpu=1,memory=1Gi
     set serviceaccount deployment web sa
     patch deployment web -p {"spec":{"template":{"spec":{"containers":[{"name":"c","image":"x:3"}]}}}}
     patch deployment web --type=json -p [{"op":"replace","path":"/spec/minReadySeconds","value":3}]
     patch deployment web --type=merge -p {"spec":{"selector":null}}
     patch deployment none -p {}
     get deployment web -o jsonpath={.spec.template.spec.containers[0]}
     diff -f - -q
     replace -f -
     apply --server-side -f -
     apply --server-side --force-conflicts -f -
     apply --dry-run=server -f -
     scale deployment web --replicas=0
     scale deployment web --replicas=0 --current-replicas=5
     scale deployment none --replicas=1
     autoscale deployment web --min=1 --max=3 --cpu=50%
     expose deployment web --port=80 --cluster-ip=None
     expose deployment web --port=80
     get deployments
     get deployments -o wide
     get deploy web -o custom-columns=NAME:.metadata.name,PAUSED:.spec.paused
     get deploy -l app=web -o name
     get deploy -l app!=web
     get deploy --field-selector metadata.name=web -o name
     get deploy --field-selector spec.replicas=1
     get nothings
     get deployment none
     rollout pause deployment web
     wait deployment/web --for=jsonpath={.spec.paused}=true --timeout=5s
     delete deployment web --wait=false --cascade=orphan
     delete -f - --ignore-not-found`,
    deployment,
  ),
  scenario(
    'describe, events, certificates and what else is asked',
    `create quota q --hard=count/things.example.com=3
     create configmap c --from-literal=a=b
     create secret generic s --from-literal=a=b
     create role r --verb=get --resource=pods
     create rolebinding rb --role=r --user=jane
     create ingress i --class=none --rule=h/p=s:80
     create serviceaccount sa
     describe configmap c
     describe secret s
     describe role r
     describe rolebinding rb
     describe ingress i
     describe serviceaccount sa
     describe clusterrole view
     describe configmap none
     create clusterrolebinding kubectl-scenario --clusterrole=view --user=joe
     describe clusterrolebinding kubectl-scenario
     delete clusterrolebinding kubectl-scenario
     events
     get events
     certificate approve none
     certificate deny none
     top pods
     cluster-info
     get configmap c -o yaml --show-managed-fields -o jsonpath={.metadata.managedFields[0].manager}
     get configmap,secret -o name
     get configmap c -o go-template={{.data.a}}
     get all
     set selector service none a=b
     create service clusterip svc --tcp=80
     set selector service svc a=b
     get service svc -o jsonpath={.spec.selector}
     port-forward service/none 1:80
     explain configmap.data
     explain ingress.spec.rules --recursive`,
  ),
  scenario(
    'explain and discovery',
    `explain deployment.spec.nothing
     explain pods.spec.nothing
     explain nothings
     api-resources --api-group=apps -o name
     api-resources --api-group=batch
     api-resources --namespaced=false --api-group=storage.k8s.io
     api-resources --verbs=list,get --api-group=rbac.authorization.k8s.io -o name
     get --raw /healthz
     get --raw /api/v1/namespaces/default/none
     get --raw /nothing`,
  ),
  scenario(
    'auth',
    `auth can-i create pods
     auth can-i create pods --as=jane
     auth can-i get /healthz --as=jane
     auth can-i "*" "*" --all-namespaces
     auth can-i list nothings
     auth can-i get pods/log --as=jane
     auth can-i use podsecuritypolicies.policy/x --as=jane -q
     auth whoami --as=jane --as-group=devs
     auth can-i --list --as=jane
     create role pods --verb=get --resource=pods
     create rolebinding pods --role=pods --user=jane
     auth can-i get pods --as=jane
     auth can-i get pods --as=jane --subresource=log
     get pods --as=jane
     get secrets --as=jane
     delete pods --all --as=jane`,
  ),
  scenario(
    'pods that nothing runs',
    `run p --image=x --overrides={"spec":{"nodeSelector":{"no":"where"}}}
     get pods
     get pods -o wide
     get pod p -o jsonpath={.status.phase}
     label pod p a=b
     get pods --show-labels
     get pods -A --field-selector=metadata.name=p,metadata.namespace=none
     patch pod p -p {"spec":{"containers":[{"name":"p","image":"y"}]}}
     patch pod p -p {"spec":{"hostNetwork":true}}
     patch pod p --type=json -p [{"op":"add","path":"/spec/tolerations/-","value":{"key":"new","operator":"Exists"}}]
     set image pod/p p=z
     delete pod p --now
     get pods`,
  ),
  {
    name: 'files with kinds that are not there',
    run: async (api) => {
      const map = (name) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
      const unknown = 'apiVersion: nowhere.example.com/v1\nkind: Unknown\nmetadata: {name: u}\n';
      const wrong = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: w}\nnope: 1\n';

      for (const name of ['kubectl', 'kubectl-1.32']) {
        const file = [map(`${name}-a`), unknown, map(`${name}-b`), wrong].join('---\n');
        for (const verb of ['apply', 'create', 'replace', 'delete', 'apply --server-side']) {
          await api.kubectl(`${verb} -f -`, file, name);
        }
      }

      await api.kubectl('get configmaps -o name');
    },
  },
  {
    name: 'forms of the OpenAPI document',
    run: async (api) => {
      const protobuf = 'application/com.github.proto-openapi.spec.v2';
      for (const accept of [
        `${protobuf}.v1.0+protobuf`,
        `${protobuf}@v1.0+protobuf`,
        `${protobuf}@v1.0+protobuf,application/json`,
        `application/json;q=0.5,${protobuf}@v1.0+protobuf`,
        '*/*',
        'text/plain',
      ]) {
        const { status, contentType } = await api.quietly('GET', '/openapi/v2', {
          headers: { accept },
        });

        // The content has this product's own wording.
        api.transcript.push({
          call: `GET /openapi/v2 ${accept}`,
          status,
          contentType: status === 200 && contentType,
        });
      }
    },
  },
];
