import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KubeResponse, readBody } from '@ks-apiserver/apimachinery/transport/transport';
import { redactedResponse } from './redacted-response.ts';
import { type SecretFields, secretFieldsOf } from './redaction.ts';

const fields = secretFieldsOf({ group: '', resource: 'secrets' }) as SecretFields;

const plain = { type: 'Opaque', data: { password: 'b3Blbg==' } };
const credential = {
  type: 'credential.devops.kubesphere.io/basic-auth',
  data: { username: 'dXNlcg==', password: 'aGlkZGVu' },
};
const shown = { ...credential, data: { username: 'dXNlcg==' } };

const answerOf = (text: string): KubeResponse => ({
  status: 200,
  headers: { 'content-type': 'application/json', 'content-length': String(text.length) },
  body: Buffer.from(text),
});

test('an answer without credentials is passed on as its bytes are', async () => {
  // The space and the number would not survive parsing.
  const text = '{"items": [{"type":"Opaque","data":{"a":"eA=="},"n":1.0}]}';
  const { body } = await redactedResponse(answerOf(text), fields, { watches: false });

  assert.equal((await readBody(body)).toString(), text);
});

test('a list with one credential loses its values, and no others', async () => {
  const text = JSON.stringify({ kind: 'SecretList', items: [plain, credential] });
  const { body } = await redactedResponse(answerOf(text), fields, { watches: false });

  assert.deepEqual(JSON.parse((await readBody(body)).toString()), {
    kind: 'SecretList',
    items: [plain, shown],
  });
});

test('events of a watch lose the values of credentials', async () => {
  const events = [plain, credential].map((object) => ({ type: 'ADDED', object }));
  const text = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  const { body } = await redactedResponse(answerOf(text), fields, { watches: true });
  const lines = (await readBody(body)).toString().trim().split('\n');

  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [plain, shown].map((object) => ({ type: 'ADDED', object })),
  );
});
