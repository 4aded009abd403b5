import { MESSAGE } from '../packets/message-types.ts';
import { names, ProtocolError, uint32, WireReader } from '../packets/wire.ts';

/** Which end of a connection speaks. */
export type Role = 'client' | 'server';

/** Bytes that make each offer another one. */
export const COOKIE_BYTES = 16;

/** Both names mean the same exchange (RFC 8731). */
const KEX = ['curve25519-sha256', 'curve25519-sha256@libssh.org'];

/** The one type of host keys. */
export const HOST_KEY = 'ecdsa-sha2-nistp256';

const CIPHER = ['aes128-gcm@openssh.com'];

/** Nothing uses it, but Go's clients before 2021 insist on a common name. */
const MAC = ['hmac-sha2-256'];

const COMPRESSION = ['none'];

/** Markers in the list of key exchanges (OpenSSH PROTOCOL section 1.10, RFC 8308 section 2.1). */
const STRICT = {
  client: 'kex-strict-c-v00@openssh.com',
  server: 'kex-strict-s-v00@openssh.com',
} as const;

const EXTENSIONS = 'ext-info-c';

/** An offer of algorithms (SSH_MSG_KEXINIT), as it came or goes on the wire. */
export interface Offer {
  message: Buffer;
  /** Key exchange, host key, then ciphers, MACs and compressions to the server and to the client. */
  lists: readonly string[][];
  /** Whether a guessed first message of the exchange follows. */
  guesses: boolean;
}

/** Eight lists of algorithms and two of languages, which nobody uses. */
const LISTS = 10;

/** Makes the offer of one end; the markers belong to the first offer of a connection. */
export function makeOffer(role: Role, cookie: Buffer, place: 'first' | 'later'): Offer {
  const markers = role === 'client' ? [EXTENSIONS, STRICT.client] : [STRICT.server];
  const kex = place === 'first' ? [...KEX, ...markers] : KEX;
  const lists = [kex, [HOST_KEY], CIPHER, CIPHER, MAC, MAC, COMPRESSION, COMPRESSION, [], []];

  const message = Buffer.concat([
    Buffer.from([MESSAGE.kexInit]),
    cookie,
    ...lists.map(names),
    Buffer.from([0]),
    uint32(0),
  ]);

  return { message, lists, guesses: false };
}

/** Reads an offer; throws a ProtocolError. */
export function readOffer(message: Buffer): Offer {
  const reader = new WireReader(message, 1 + COOKIE_BYTES);
  const lists = Array.from({ length: LISTS }, () => reader.names());
  const guesses = reader.boolean();

  reader.uint32();
  reader.end();

  // Kept for the whole exchange, while the packet that it came in is used again.
  return { message: Buffer.from(message), lists, guesses };
}

const NAMES = [
  'key exchange',
  'type of host key',
  'cipher to the server',
  'cipher to the client',
  'MAC to the server',
  'MAC to the client',
  'compression to the server',
  'compression to the client',
];

/** What both ends have agreed on besides the one suite that there is. */
export interface Agreement {
  /** Whether both ends refuse messages that do not belong into the first exchange. */
  strict: boolean;
  /** Whether the client reads extensions. */
  extensions: boolean;
  /** Whether the peer guessed another exchange: its next message is to be ignored. */
  wrongGuess: boolean;
}

/** Compares both offers (RFC 4253 section 7.1); throws a ProtocolError where nothing is common. */
export function agree(client: Offer, server: Offer, theirs: Offer): Agreement {
  for (const [at, name] of NAMES.entries()) {
    const offered = server.lists[at] ?? [];

    if (!client.lists[at]?.some((one) => offered.includes(one))) {
      throw new ProtocolError(`there is no common ${name}`);
    }
  }

  const [kexOfClient = [], hostKeysOfClient = []] = client.lists;
  const [kexOfServer = [], hostKeysOfServer = []] = server.lists;

  return {
    strict: kexOfClient.includes(STRICT.client) && kexOfServer.includes(STRICT.server),
    extensions: kexOfClient.includes(EXTENSIONS),
    wrongGuess:
      theirs.guesses &&
      (kexOfClient[0] !== kexOfServer[0] || hostKeysOfClient[0] !== hostKeysOfServer[0]),
  };
}
