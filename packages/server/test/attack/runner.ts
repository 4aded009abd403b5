import { ON_CLUSTER, type TestPlatform } from '../support/test-platform.ts';
import type { Attack, Attacks } from './attack.ts';
import { type Attacker, plantAttacker, plantUser } from './attackers.ts';
import type { BuiltInRole, Tenants } from './built-in-roles.ts';
import { Cells, hasChange, type Sent } from './cells.ts';
import { RawClient } from './raw-client.ts';
import {
  grantablePlaces,
  placeOfRight,
  placesOf,
  type Rights,
  rightsOf,
  rulesAtOwnPort,
} from './rights.ts';
import type { Tally } from './tally.ts';

/**
 * When to check the effect of an accepted write, in milliseconds after it: bindings count at once,
 * controllers take a moment.
 */
const LOOKS = ON_CLUSTER ? [150, 800] : [60, 300];

/** State that all attackers of an environment share. */
export interface Place {
  tenants: Tenants;
  /** Suffix of the names of this environment. */
  suffix: string;
  root: string;
  group: string;
  signingRequest: string;
}

/** An attacker and their rights before the attacks. */
interface Measured {
  attacker: Attacker;
  before: Rights;
  /** Places in which they may grant roles beyond their own. */
  grantable: Rights;
}

/** Runs attacks in one environment, each attacker after the other. */
export class Runner {
  readonly #platform: TestPlatform;
  readonly #place: Place;
  readonly #tally: Tally;
  readonly #client: RawClient;
  #others = 0;

  constructor(platform: TestPlatform, place: Place, tally: Tally) {
    this.#platform = platform;
    this.#place = place;
    this.#tally = tally;
    this.#client = new RawClient(platform.server.url);
  }

  /** Closes its connections. */
  close(): void {
    this.#client.close();
  }

  /**
   * Lets a user with one role try every attack; an attacker who gained rights is replaced by a new
   * one for the next attack.
   */
  async run(
    role: BuiltInRole,
    attacks: readonly Attacks[],
    usesOwnPort: (attack: Attack) => boolean,
  ): Promise<void> {
    let measured = await this.#newAttacker(role);
    let other = await this.#newOther();
    const cellsOf = ({ attacker }: Measured) =>
      new Cells(this.#platform, this.#client, attacker, this.#tally);

    const attacksOf = () => {
      const scene = {
        platform: this.#platform,
        ...this.#place,
        attacker: measured.attacker,
        other: other.name,
      };

      return attacks.flatMap((make) => make(scene));
    };

    let cells = cellsOf(measured);
    let all = attacksOf();
    for (let index = 0; index < all.length; index += 1) {
      const attack = all[index]!;

      const { accepted, changed } = await this.#attack(
        measured,
        other,
        attack,
        cells,
        usesOwnPort(attack),
      );

      if (!accepted) {
        continue;
      }

      other = await this.#newOther();

      if (changed) {
        measured = await this.#newAttacker(role);
        cells = cellsOf(measured);
      }

      all = attacksOf();
    }
  }

  async #newAttacker(role: BuiltInRole): Promise<Measured> {
    // A real cluster does not know KubeSphere's own bindings, and signs certificates slowly.
    const hasClient = !ON_CLUSTER || role.kind === 'Role' || role.kind === 'ClusterRole';
    const attacker = await plantAttacker(this.#platform, role, hasClient);

    const [before, grantable] = await Promise.all([
      this.#rights(attacker),
      grantablePlaces(this.#client, this.#place.tenants, attacker.token),
    ]);

    return { attacker, before, grantable };
  }

  /** A user without any role, whom an attacker may grant rights to. */
  async #newOther(): Promise<{ name: string; token: string; before: Rights }> {
    this.#others += 1;
    const name = `other${this.#place.suffix}-${this.#others}`;
    const token = await plantUser(this.#platform, name);
    return { name, token, before: await rightsOf(this.#client, this.#place.tenants, token) };
  }

  async #rights(attacker: Attacker): Promise<Rights> {
    const { tenants } = this.#place;

    const [rights, places, rules] = await Promise.all([
      rightsOf(this.#client, tenants, attacker.token),
      placesOf(this.#client, tenants, attacker.token),
      attacker.client ? rulesAtOwnPort(tenants, attacker) : new Set<string>(),
    ]);

    return new Set([...rights, ...places, ...rules]);
  }

  /**
   * Makes every request of an attack. Returns whether one was accepted, and whether the attacker's
   * rights differ now. Checks the effect of each request and, when several are accepted, of all
   * together.
   */
  async #attack(
    measured: Measured,
    other: { token: string; before: Rights },
    attack: Attack,
    cells: Cells,
    ownPort: boolean,
  ): Promise<{ accepted: boolean; changed: boolean }> {
    const title = `${measured.attacker.title}: ${attack.name} (${attack.target})`;
    const accepted: string[] = [];
    const wrong: string[] = [];
    let changed = false;

    const checkEffect = async () => {
      changed =
        (await this.#gains(measured, other, `${title} by ${accepted.join(', ')}`)) || changed;
    };

    await cells.sendAll(attack, ownPort, async ({ door }: Sent) => {
      accepted.push(door);

      for (const request of attack.afterwards ?? []) {
        await cells.follow(request);
      }

      if (accepted.length === 1) {
        await checkEffect();
      }

      const broken = await attack.broken?.();
      if (broken) {
        wrong.push(`${broken} (${door})`);
      }
      if (attack.never && (await this.#isThere(attack))) {
        wrong.push(`accepted by ${door}`);
      }
    });

    if (accepted.length > 1 && !changed) {
      await checkEffect();
    }
    if (wrong.length > 0) {
      this.#tally.fail(`${title}: ${wrong.join(', ')}`);
    }

    return { accepted: accepted.length > 0, changed };
  }

  /**
   * Reports whether an accepted change is in the object, where that can be seen; other answers are
   * trusted.
   */
  async #isThere({ changes }: Attack): Promise<boolean> {
    if (!changes) {
      return true;
    }

    const { status, json } = await this.#platform.call(changes.path);
    return status === 200 && hasChange(json, changes.change);
  }

  /**
   * Waits for the effect of accepted writes; records the rights that the attacker or the other user
   * gained. Returns whether the attacker has more.
   */
  async #gains(
    measured: Measured,
    other: { token: string; before: Rights },
    title: string,
  ): Promise<boolean> {
    const { attacker, before, grantable } = measured;
    const { tenants } = this.#place;
    const start = Date.now();

    for (const ms of LOOKS) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, start + ms - Date.now())));

      const [now, otherNow] = await Promise.all([
        ms === LOOKS.at(-1)
          ? this.#rights(attacker)
          : rightsOf(this.#client, tenants, attacker.token),
        rightsOf(this.#client, tenants, other.token),
      ]);

      const got = [...now].filter((right) => !before.has(right));
      const given = [...otherNow].filter((right) => !other.before.has(right) && !before.has(right));
      const wrong = [...got, ...given.map((right) => `for another: ${right}`)].filter(
        (right) => !grantable.has(placeOfRight(right)),
      );

      if (wrong.length > 0) {
        this.#tally.fail(`${title} gave ${wrong.length} rights, such as ${wrong[0]}`);
      }
      if (wrong.length > 0 || got.length > 0) {
        return true;
      }
    }

    return false;
  }
}
