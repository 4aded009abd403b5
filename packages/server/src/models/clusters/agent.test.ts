import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeReader } from '@ks-apiserver/client/kube/client';
import { parse } from 'yaml';
import { agentDeployment } from './agent.ts';

const cluster = {
  metadata: { name: 'east' },
  spec: { connection: { type: 'proxy', token: 'secret' } },
};

async function containerOf(agentProgram: 'tower' | 'ks-apiserver') {
  const text = await agentDeployment({} as KubeReader, cluster, {
    proxyPublishAddress: 'https://ks.example.com/tower',
    proxyPublishService: '',
    agentImage: 'example/agent:1',
    agentProgram,
  });

  return parse(text).spec.template.spec.containers[0];
}

const FLAGS = [
  '--name=east',
  '--token=secret',
  '--proxy-server=https://ks.example.com/tower',
  '--keepalive=10s',
  '--kubesphere-service=ks-apiserver.kubesphere-system.svc:80',
];

test('a Deployment runs tower’s agent, or that of this program', async () => {
  const tower = await containerOf('tower');
  const flags = [...FLAGS, '--kubernetes-service=kubernetes.default.svc:443', '--v=0'];
  assert.deepEqual(tower.command, ['/agent', ...flags]);
  assert.equal(tower.args, undefined);

  const own = await containerOf('ks-apiserver');
  assert.equal(own.command, undefined);
  assert.deepEqual(own.args, ['agent', ...FLAGS]);
  assert.equal(own.image, 'example/agent:1');
});
