import type { Duplex } from 'node:stream';
import { findUser } from '@ks-apiserver/api/user';
import { unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Informer } from '@ks-apiserver/client/informer/informer';

/**
 * Admits holders of client certificates to the embedded Kubernetes API: a user of the platform must
 * still be the one that the certificate was made for.
 */
export class CertificateUsers {
  readonly #users: Informer;
  /** Connections of users of the platform, by name. */
  readonly #connections = new Map<string, Map<Duplex, UserInfo>>();
  readonly #stop: () => void;

  /** `users` is the informer of the users by which log-ins are decided. */
  constructor(users: Informer) {
    this.#users = users;

    this.#stop = users.store.onChange(({ entry, previous }) => {
      const name = (entry ?? previous)?.name;
      if (name !== undefined) {
        this.#disconnectInvalid(name);
      }
    });
  }

  /**
   * Admits a caller to a connection. Throws Unauthorized for the certificate of a user who is gone,
   * being deleted or disabled, or of a former user of the same name, and for one without a uid in
   * the name of a user, which does not say for which user of that name it was made. Other names are
   * plain Kubernetes users. The connection ends when its user is deleted or disabled.
   */
  admit(user: UserInfo, connection: Duplex): void {
    this.#check(user);

    if (user.uid === undefined) {
      return;
    }

    let connections = this.#connections.get(user.name);
    if (!connections) {
      connections = new Map();
      this.#connections.set(user.name, connections);
    }

    if (connections.has(connection)) {
      return;
    }

    connections.set(connection, user);
    connection.once('close', () => this.#forget(user.name, connection));
  }

  close(): void {
    this.#stop();
  }

  #check({ name, uid }: UserInfo): void {
    const user = findUser(this.#users, name);
    if (!user) {
      if (uid === undefined) {
        return;
      }
      throw unauthorized(`the user ${name} of this certificate does not exist any more`);
    }

    if (uid === undefined) {
      throw unauthorized(
        `this certificate does not say for which user ${name} it was made: fetch the kubeconfig again`,
      );
    }

    if (uid !== user.metadata.uid) {
      throw unauthorized(`this certificate was issued to a former user ${name}`);
    }
    if (user.metadata.deletionTimestamp !== undefined) {
      throw unauthorized(`the user ${name} is being deleted`);
    }
    if (user.status?.state === 'Disabled') {
      throw unauthorized(`the user ${name} is disabled`);
    }
  }

  #forget(name: string, connection: Duplex): void {
    const connections = this.#connections.get(name);
    connections?.delete(connection);

    if (connections?.size === 0) {
      this.#connections.delete(name);
    }
  }

  #disconnectInvalid(name: string): void {
    for (const [connection, user] of this.#connections.get(name) ?? []) {
      try {
        this.#check(user);
      } catch {
        // This ends open watches too.
        connection.destroy();
      }
    }
  }
}
