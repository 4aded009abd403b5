// Starts a real OpenLDAP server with users, groups and certificates of its own, in a temporary
// directory.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { freePorts } from '../server.mjs';

const openssl = (cwd, ...args) => execFileSync('openssl', args, { cwd, stdio: 'pipe' });

/**
 * Creates a certificate authority and a certificate of it for 127.0.0.1 and localhost. Returns the
 * paths.
 */
export function certificates(dir, name) {
  openssl(
    dir,
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    `/CN=${name} CA`,
    '-keyout',
    `${name}-ca.key`,
    '-out',
    `${name}-ca.pem`,
  );

  openssl(
    dir,
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/CN=localhost',
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
  );

  writeFileSync(join(dir, `${name}.ext`), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');

  openssl(
    dir,
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    `${name}-ca.pem`,
    '-CAkey',
    `${name}-ca.key`,
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    `${name}.ext`,
    '-out',
    `${name}.pem`,
  );

  return {
    ca: join(dir, `${name}-ca.pem`),
    cert: join(dir, `${name}.pem`),
    key: join(dir, `${name}.key`),
  };
}

/** Attributes of an Active Directory that OpenLDAP lacks, with their matching rules. */
const AD_SCHEMA = `
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.2.102 NAME 'memberOf' EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP organizationalPerson STRUCTURAL
 MAY ( sAMAccountName $ userPrincipalName $ memberOf $ displayName $ mail ) )
`;

const database = (suffix, dir) => `
database mdb
suffix "${suffix}"
rootdn "cn=admin,${suffix}"
rootpw "manager's secret"
directory ${dir}
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=groups,${suffix}" by * none
access to * by users read by * none
`;

/**
 * Starts slapd with the entries of LDIF texts by suffix.
 * @returns {Promise<{port: number, tlsPort: number, stop: () => Promise<void>}>} ports of ldap
 * (with StartTLS) and ldaps
 */
export async function startSlapd(dir, { cert, key, ca }, entries) {
  const config = [
    ...['core', 'cosine', 'nis', 'inetorgperson'].map(
      (name) => `include /etc/ldap/schema/${name}.schema`,
    ),
    `include ${join(dir, 'ad.schema')}`,
    'modulepath /usr/lib/ldap',
    'moduleload back_mdb',
    // A trap for clients: a bind with a name and no password succeeds.
    'allow bind_anon_cred',
    `TLSCACertificateFile ${ca}`,
    `TLSCertificateFile ${cert}`,
    `TLSCertificateKeyFile ${key}`,
    `pidfile ${join(dir, 'slapd.pid')}`,
  ];

  writeFileSync(join(dir, 'ad.schema'), AD_SCHEMA);

  const file = join(dir, 'slapd.conf');

  Object.keys(entries).forEach((suffix, i) => {
    mkdirSync(join(dir, `db${i}`));
    config.push(database(suffix, join(dir, `db${i}`)));
  });

  writeFileSync(file, `${config.join('\n')}\n`);

  Object.values(entries).forEach((ldif, i) => {
    const { status, stderr } = spawnSync('/usr/sbin/slapadd', ['-f', file, '-n', String(i + 1)], {
      input: ldif,
    });

    if (status !== 0) {
      throw new Error(`slapadd: ${stderr}`);
    }
  });

  const [port, tlsPort] = await freePorts(2);
  const urls = `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${tlsPort}`;
  const child = spawn('/usr/sbin/slapd', ['-h', urls, '-f', file, '-d', '0'], { stdio: 'ignore' });
  const exited = new Promise((resolve) => child.once('exit', resolve));

  for (let i = 0; ; i++) {
    const open = await new Promise((resolve) => {
      const socket = createConnection(port, '127.0.0.1', () => resolve(true) ?? socket.destroy());
      socket.on('error', () => resolve(false));
    });

    if (open) {
      break;
    }
    if (i > 200 || child.exitCode !== null) {
      throw new Error('slapd does not listen');
    }

    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  const stop = async () => {
    child.kill();
    await exited;
  };

  return { port, tlsPort, stop };
}
