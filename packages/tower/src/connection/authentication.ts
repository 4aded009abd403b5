import { MESSAGE } from '../packets/message-types.ts';
import { names, ProtocolError, string, uint32, WireReader } from '../packets/wire.ts';

const USER_AUTHENTICATION = 'ssh-userauth';
const CONNECTION = 'ssh-connection';

/** A client tries without credentials first, then with an empty password. */
const MAX_TRIES = 8;

const METHOD = 'password';

/** Extension (RFC 8308) of a server that takes `config` again when credentials change. */
export const CONFIG_AGAIN = 'config-again@ks-apiserver';

/** What comes of one message: whether it was known, and whether authentication is over. */
export interface AuthenticationStep {
  isKnown: boolean;
  isDone: boolean;
}

const GOES_ON: AuthenticationStep = { isKnown: true, isDone: false };
const DONE: AuthenticationStep = { isKnown: true, isDone: true };
const UNKNOWN: AuthenticationStep = { isKnown: false, isDone: false };

type Send = (message: Buffer) => void;

/** Makes a message of its number and its fields. */
function message(type: number, ...fields: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([type]), ...fields]);
}

/** One end of the authentication of users (RFC 4252). */
export interface Authentication {
  /** Takes a message; throws a ProtocolError. */
  take(received: Buffer): AuthenticationStep;
}

/**
 * Lets a client in with any password, as tower does: who an agent is, it tells with its first
 * request, and until then it may do nothing else.
 */
export class ServerAuthentication implements Authentication {
  readonly #send: Send;
  #isRequested = false;
  #tries = 0;

  constructor(send: Send) {
    this.#send = send;
  }

  /** Names the extensions of this server; sent before anything else, to clients that read them. */
  static extensions(): Buffer {
    return message(MESSAGE.extensionInfo, uint32(1), string(CONFIG_AGAIN), string(''));
  }

  take(received: Buffer): AuthenticationStep {
    const reader = new WireReader(received, 1);

    switch (received[0]) {
      case MESSAGE.extensionInfo:
        return GOES_ON;
      case MESSAGE.serviceRequest:
        this.#onService(reader);
        return GOES_ON;
      case MESSAGE.authRequest:
        return this.#onRequest(reader);
      default:
        return UNKNOWN;
    }
  }

  #onService(reader: WireReader): void {
    const service = reader.text();
    reader.end();

    if (service !== USER_AUTHENTICATION) {
      throw new ProtocolError('the peer asked for a service that there is not');
    }

    this.#isRequested = true;
    this.#send(message(MESSAGE.serviceAccept, string(service)));
  }

  #onRequest(reader: WireReader): AuthenticationStep {
    const [, service, method] = [reader.text(), reader.text(), reader.text()];
    if (!this.#isRequested || service !== CONNECTION) {
      throw new ProtocolError('the peer asked for a service that there is not');
    }

    this.#tries += 1;

    if (this.#tries > MAX_TRIES) {
      throw new ProtocolError('too many tries to authenticate');
    }
    if (method !== METHOD) {
      this.#send(message(MESSAGE.authFailure, names([METHOD]), Buffer.from([0])));
      return GOES_ON;
    }

    const changes = reader.boolean();
    reader.text();
    if (changes) {
      throw new ProtocolError('passwords cannot be changed');
    }

    reader.end();
    this.#send(message(MESSAGE.authSuccess));

    return DONE;
  }
}

/** Logs in without a name and password, as tower's agent does. */
export class ClientAuthentication implements Authentication {
  readonly #send: Send;
  readonly #extensions = new Set<string>();
  #isAccepted = false;

  /** Asks for the service. */
  constructor(send: Send) {
    this.#send = send;
    send(message(MESSAGE.serviceRequest, string(USER_AUTHENTICATION)));
  }

  /** Names of the extensions that the server has told. */
  get extensions(): ReadonlySet<string> {
    return this.#extensions;
  }

  take(received: Buffer): AuthenticationStep {
    const reader = new WireReader(received, 1);

    switch (received[0]) {
      case MESSAGE.extensionInfo:
        this.#onExtensions(reader);
        return GOES_ON;
      case MESSAGE.serviceAccept:
        this.#onAccepted(reader);
        return GOES_ON;
      case MESSAGE.authBanner:
        return GOES_ON;
      case MESSAGE.authFailure:
        throw new ProtocolError('the server does not let this end in');
      case MESSAGE.authSuccess:
        reader.end();
        return this.#isAccepted ? DONE : UNKNOWN;
      default:
        return UNKNOWN;
    }
  }

  #onExtensions(reader: WireReader): void {
    const count = reader.uint32();

    for (let at = 0; at < count; at++) {
      this.#extensions.add(reader.text());
      reader.string();
    }

    reader.end();
  }

  #onAccepted(reader: WireReader): void {
    const service = reader.text();
    reader.end();

    if (service !== USER_AUTHENTICATION || this.#isAccepted) {
      throw new ProtocolError('the server accepted a service that was not asked for');
    }

    this.#isAccepted = true;

    const login = [string(''), string(CONNECTION), string(METHOD), Buffer.from([0]), string('')];
    this.#send(message(MESSAGE.authRequest, ...login));
  }
}
