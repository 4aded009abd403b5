// What the agents of KubeSphere's tower sent, in two versions (test/real/tower/record.mjs).
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '@ks-apiserver/tower/test/connected-pair';
import { FIXED_SECRETS, fixedHostKey } from '@ks-apiserver/tower/test/fixed-secrets';
import { AgentServer } from './agent-server.ts';

interface Recording {
  service: string;
  phases: { what: 'introduce' | 'call' | 'rekey' | 'nobody'; hex: string }[];
}

const folder = fileURLToPath(new URL('../../test/recorded/', import.meta.url));

/** The agent's end of a stream, which says what was recorded and hears nothing. */
class RecordedEnd extends Duplex {
  override _read(): void {}

  override _write(_piece: Buffer, _encoding: BufferEncoding, done: () => void): void {
    done();
  }

  /** Says bytes in pieces of the size given. */
  say(bytes: Buffer, size: number): void {
    for (let at = 0; at < bytes.length; at += size) {
      this.push(bytes.subarray(at, at + size));
    }
  }
}

async function replay({ service, phases }: Recording, size: number): Promise<string[]> {
  const refusals: string[] = [];
  const end = new RecordedEnd();
  const closed: (Error | undefined)[] = [];
  const agents = new AgentServer({
    authenticate: ({ name, token }) => name === 'east' && token === 'secret',
    secrets: FIXED_SECRETS,
    hostKey: fixedHostKey(),
    events: {
      onAgent: () => {},
      onAgentGone: () => {},
      onConnected: () => {},
      onDisconnected: (_name, _address, error) => closed.push(error),
      onRefused: (name) => refusals.push(name),
    },
  });
  const answers: string[] = [];

  agents.accept(end, '192.0.2.1');

  for (const { what, hex } of phases) {
    const bytes = Buffer.from(hex, 'hex');

    if (what === 'introduce') {
      end.say(bytes, size);
      await eventually(() => assert.equal(agents.configOf('east')?.kubernetesHost, service));
    } else if (what === 'rekey') {
      agents.rekey('east');
      end.say(bytes, size);
    } else {
      const dialling = agents.dial('east', what === 'call' ? service : '127.0.0.1:1');
      end.say(bytes, size);

      const stream = await dialling;
      const pieces: Buffer[] = [];
      stream.on('data', (piece) => pieces.push(piece));
      await once(stream, 'close');
      answers.push(Buffer.concat(pieces).toString());
    }
  }

  assert.deepEqual([closed, refusals], [[], []]);
  agents.close();

  return answers;
}

for (const file of readdirSync(folder)) {
  const recording = JSON.parse(readFileSync(folder + file, 'utf8')) as Recording;

  for (const size of [1_000_000, 7]) {
    test(`the recorded agent ${file}, in pieces of ${size} bytes`, async () => {
      const [first = '', second = '', nobody] = await replay(recording, size);

      assert.match(first, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nsaw \/first$/s);
      assert.match(second, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nsaw \/second$/s);
      assert.equal(nobody, '');
    });
  }
}
