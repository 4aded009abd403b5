/** A page of an application that is scraped, as it is configured. */
export interface ScrapeTargetConfig {
  url: string;
  labels: Readonly<Record<string, unknown>>;
  honorLabels: boolean;
  caFile: string;
}

/** A page that is scraped, with all labels of its target. */
export interface PageTarget {
  readonly url: URL;
  readonly labels: Readonly<Record<string, string>>;
  readonly honorLabels: boolean;
  readonly caFile: string;
}

/** The `job` of targets that have none. */
const JOB = 'scrape';

const MAX_TARGETS = 1000;
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
const PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new RangeError('url: allowed is a URL such as http://10.0.0.5:8080/metrics');
  }

  if (url.username !== '' || url.password !== '') {
    throw new RangeError('url: must not contain a name and password');
  }

  return url;
}

/** Returns labels with those that Prometheus gives every target; an empty value is no label. */
function labelsOf(url: URL, labels: ScrapeTargetConfig['labels']): Record<string, string> {
  const instance = url.port === '' ? `${url.host}:${PORTS[url.protocol]}` : url.host;
  const all: Record<string, string> = { job: JOB, instance };

  for (const [name, value] of Object.entries(labels)) {
    const isText = ['string', 'number', 'boolean'].includes(typeof value);
    if (!LABEL_NAME.test(name) || !isText) {
      throw new RangeError(`labels: ${name} is no label with a text`);
    }

    if (value !== '') {
      all[name] = String(value);
    }
  }

  return all;
}

/**
 * Reads the configured targets. Throws a RangeError for what cannot be scraped, and for two targets
 * that are not told apart by their labels.
 */
export function readScrapeTargets(targets: readonly ScrapeTargetConfig[]): PageTarget[] {
  const known = new Set<string>();

  if (targets.length > MAX_TARGETS) {
    throw new RangeError(`more than ${MAX_TARGETS} targets`);
  }

  return targets.map(({ url: text, labels: configured, honorLabels, caFile }, i) => {
    try {
      const url = urlOf(text);
      const labels = labelsOf(url, configured);
      const key = JSON.stringify(Object.entries(labels).sort());

      if (known.has(key)) {
        throw new RangeError('labels: another target has the same, with job and instance');
      }

      known.add(key);

      return { url, labels, honorLabels, caFile };
    } catch (error) {
      throw error instanceof RangeError
        ? new RangeError(`number ${i + 1}: ${error.message}`)
        : error;
    }
  });
}
