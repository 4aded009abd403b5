// Makes two transcripts comparable: values that differ between servers or moments become numbered
// names, such as `<uid 1>` and `<version 2>`, in the order of their first appearance.

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g;

// The result of a patch, in a message: the real server shows it with the patched maps sorted.
const patchedObject = /Invalid value: "\{\\"(?:[^"\\]|\\.)*"/g;

// The volume of a pod's own token.
const tokenVolume = /\bkube-api-access-[a-z0-9]{5}\b/g;
const jwt = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g;
const pem = /(?:-----BEGIN [A-Z ]+-----[\s\S]+?-----END [A-Z ]+-----\n?)+/g;
const pemBase64 = /LS0tLS1CRUdJTi[\w+/=]+/g;
const clusterIp = /\b10\.(?:9[6-9]|10\d|11[01])\.\d{1,3}\.\d{1,3}\b/g;
const url = /https:\/\/(?:127\.0\.0\.1|localhost):\d+/g;

// The real server and its controllers are one test binary, named after its build.
const binary = /\bkube-apiserver-[0-9a-f]{12}\b/g;
const address = /\b127\.0\.0\.1:\d+\b/g;

// Ages as kubectl and tables print them; not the seconds of a probe, which have a name or an =
// before them.
const age = /(?<![\w=.-])(?:\d+[smhd]){1,2}(?![\w.])|<invalid>/g;

/** Names values in the order of their appearance. */
function createNumbering(kind) {
  const seen = new Map();

  return (value) => {
    if (!seen.has(value)) {
      seen.set(value, `<${kind} ${seen.size + 1}>`);
    }
    return seen.get(value);
  };
}

/** Returns the generated names of one transcript, by their prefixes. */
function generatedNames(value, names = new Map()) {
  if (Array.isArray(value)) {
    for (const item of value) {
      generatedNames(item, names);
    }
  } else if (value && typeof value === 'object') {
    const { metadata } = value;
    const base =
      typeof metadata?.generateName === 'string' ? metadata.generateName.slice(0, 58) : undefined;
    if (
      base !== undefined &&
      metadata.name?.startsWith?.(base) &&
      metadata.name.length === base.length + 5
    ) {
      names.set(metadata.name, `${base}<random>`);
    }

    for (const item of Object.values(value)) {
      generatedNames(item, names);
    }
  }

  return names;
}

const managerKey = ({ operation, manager, subresource = '' }) =>
  `${operation} ${manager} ${subresource}`;

/** @returns the transcript of one side with names for variable values */
export function normalise(transcript) {
  const uid = createNumbering('uid');
  const version = createNumbering('version');
  const ip = createNumbering('cluster IP');
  const port = createNumbering('port');
  const names = generatedNames(transcript);

  function text(value, isTable) {
    for (const [name, replacement] of names) {
      value = value.replaceAll(name, replacement);
    }

    value = value
      .replace(binary, 'kube-apiserver')
      .replace(pem, '<pem>')
      .replace(pemBase64, '<pem>')
      .replace(patchedObject, 'Invalid value: "<patched object>"')
      .replace(/(ResourceVersion in record \()\d+/, '$1<version>')
      .replace(jwt, '<jwt>')
      .replace(tokenVolume, 'kube-api-access-<random>')
      // Versions inside of texts, such as the reviews of a webhook.
      .replace(/("resourceVersion":)"\d+"/g, '$1"<version>"')
      .replace(uuid, uid)
      .replace(time, '<time>')
      .replace(clusterIp, ip)
      .replace(url, '<server>')
      .replace(address, '<server>')
      .replace(/^( *resourceVersion: ")\d+(?="$)/gm, '$1<version>')
      .replace(/(resourceVersion=)\d{2,11}(?=&|$)/g, '$1<version>')
      .replace(/(continue=)[\w%-]{20,}/g, '$1<continue>')
      .replace(/(resource version: \d+, current: )\d+/, '$1<version>')
      .replace(/resource version: \d+ \(\d+\)/g, 'resource version: <version> (<version>)')
      .replace(
        /Precondition failed: ResourceVersion in precondition: \d+, ResourceVersion in object meta: \d+/,
        'Precondition failed: ResourceVersion <version>',
      )
      .replace(/:(3[0-2]\d{3})\//g, ':<node port>/');

    return isTable ? value.replace(age, '<age>') : value;
  }

  function walk(value, key, isTable) {
    if (typeof value === 'string') {
      if (key === 'resourceVersion' && /^[1-9]\d*$/.test(value)) {
        return version(value);
      }
      if (key === 'continue' && value) {
        return '<continue>';
      }

      return text(value, isTable);
    }

    if (typeof value === 'number' && (key === 'nodePort' || key === 'healthCheckNodePort')) {
      return port(value);
    }

    if (Array.isArray(value)) {
      // The servers sort these by time in whole seconds, so the order of two quick writes varies.
      const items =
        key === 'managedFields'
          ? value.toSorted((a, b) => managerKey(a).localeCompare(managerKey(b)))
          : value;

      return items.map((item) => walk(item, key, isTable));
    }

    if (value && typeof value === 'object') {
      const table = isTable || value.kind === 'Table';

      if (value.type === 'BOOKMARK' && value.object?.metadata) {
        const metadata = { ...value.object.metadata, resourceVersion: '<list version>' };
        value = { ...value, object: { ...value.object, metadata } };
      }

      // A list has the version of the whole server, which other scenarios change too.
      if ((value.items !== undefined || value.rows) && value.metadata?.resourceVersion > 0) {
        value = {
          ...value,
          ...(value.items === null && { items: [] }),
          metadata: { ...value.metadata, resourceVersion: '<list version>' },
        };
      }

      return Object.fromEntries(
        Object.entries(value).map(([name, item]) => [
          text(name),
          walk(item, name, table && name !== 'object'),
        ]),
      );
    }

    return value;
  }

  /** Shortens the padding of kubectl's columns: an age of more digits would move all others. */
  const normalisePrinted = (value) =>
    text(value, true)
      .replace(/[ \t]+/g, ' ')
      .replace(/ $/gm, '');

  return transcript.map((step) =>
    step.stdout === undefined
      ? walk(step)
      : {
          ...step,
          call: text(step.call),
          stdout: normalisePrinted(step.stdout),
          stderr: normalisePrinted(step.stderr),
        },
  );
}
