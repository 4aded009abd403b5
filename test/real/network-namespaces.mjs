// Hosts of a test in network namespaces (ip-netns(8)), behind a router of which the test makes
// faults: a narrow link that drops what it cannot carry (tc-tbf(8)), and a cut of which neither
// side is told.
import { execFileSync, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Runs a command and returns its output. Throws when it fails. */
function run(/** @type {string} */ command, /** @type {string[]} */ ...args) {
  return execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

/** Whether namespaces and links can be made here: that takes root, iproute2 and the kernel. */
export function hasNetworkNamespaces() {
  const name = `ks-probe-${process.pid}`;

  try {
    run('ip', 'netns', 'add', name);
    run(
      'ip',
      'link',
      'add',
      `kp${process.pid % 100_000}`,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      name,
    );
    narrow(name, 'eth0', '1mbit');
    return true;
  } catch {
    return false;
  } finally {
    try {
      run('ip', 'netns', 'del', name);
    } catch {
      // There was none.
    }
  }
}

function narrow(namespace, link, rate) {
  const queue = ['tbf', 'rate', rate, 'burst', '16kb', 'limit', '64kb'];
  run('tc', '-n', namespace, 'qdisc', 'replace', 'dev', link, 'root', ...queue);
}

/**
 * A host that the test reaches by two ways: through a router that has faults, and by a link that has
 * none.
 */
export class RemoteHost {
  /** Address of the host behind the router. */
  address;
  /** Address of the test as the host reaches it behind the router. */
  near;
  /** Address of the host on the link without faults. */
  control;
  #host;
  #router;

  /**
   * Creates the namespaces and their links.
   * @param {number} number from 1 to 60, one for each host
   */
  constructor(number) {
    const id = `${process.pid % 10_000}n${number}`;
    const [near, far, direct] = [4 * number, 4 * number + 1, 4 * number + 2].map(
      (n) => `10.199.${n}`,
    );

    this.#host = `ks-host-${id}`;
    this.#router = `ks-router-${id}`;
    this.address = `${far}.2`;
    this.near = `${near}.1`;
    this.control = `${direct}.2`;

    for (const namespace of [this.#host, this.#router]) {
      run('ip', 'netns', 'add', namespace);
      run('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
    }

    // The test ── near ── router ── far ── host, and the test ── direct ── host.
    run(
      'ip',
      'link',
      'add',
      `kn${id}`,
      'type',
      'veth',
      'peer',
      'name',
      'near',
      'netns',
      this.#router,
    );
    run(
      'ip',
      '-n',
      this.#router,
      'link',
      'add',
      'far',
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      this.#host,
    );
    run(
      'ip',
      'link',
      'add',
      `kd${id}`,
      'type',
      'veth',
      'peer',
      'name',
      'eth1',
      'netns',
      this.#host,
    );

    /** @type {[string[], string, string][]} */
    const addresses = [
      [[], `kn${id}`, `${near}.1/24`],
      [['-n', this.#router], 'near', `${near}.2/24`],
      [['-n', this.#router], 'far', `${far}.1/24`],
      [['-n', this.#host], 'eth0', `${far}.2/24`],
      [[], `kd${id}`, `${direct}.1/24`],
      [['-n', this.#host], 'eth1', `${direct}.2/24`],
    ];

    for (const [where, link, address] of addresses) {
      run('ip', ...where, 'addr', 'add', address, 'dev', link);
      run('ip', ...where, 'link', 'set', link, 'up');
    }

    run('ip', 'route', 'add', `${far}.0/24`, 'via', `${near}.2`);
    run('ip', '-n', this.#host, 'route', 'add', `${near}.0/24`, 'via', `${far}.1`);
    this.#forward(true);
  }

  #forward(isOn) {
    const setting = `net.ipv4.ip_forward=${isOn ? 1 : 0}`;
    run('ip', 'netns', 'exec', this.#router, 'sysctl', '-q', '-w', setting);
  }

  /** Lets the router carry this much in each direction, such as `2mbit`, and drop the rest. */
  narrow(rate) {
    narrow(this.#router, 'near', rate);
    narrow(this.#router, 'far', rate);
  }

  /** Lets the router drop everything; neither side is told. */
  cut() {
    this.#forward(false);
  }

  /** Ends all faults. */
  heal() {
    this.#forward(true);

    for (const link of ['near', 'far']) {
      run('tc', '-n', this.#router, 'qdisc', 'replace', 'dev', link, 'root', 'pfifo');
    }
  }

  /** Starts a program in the host. */
  spawn(command, args, options = {}) {
    return spawn('ip', ['netns', 'exec', this.#host, command, ...args], options);
  }

  /** Ends what runs in the host, and removes it. */
  async remove() {
    const pids = () => run('ip', 'netns', 'pids', this.#host).split('\n').filter(Boolean);

    for (const pid of pids()) {
      process.kill(Number(pid), 'SIGKILL');
    }
    for (let tries = 0; pids().length > 0 && tries < 50; tries++) {
      await sleep(100);
    }

    run('ip', 'netns', 'del', this.#host);
    run('ip', 'netns', 'del', this.#router);
  }
}
