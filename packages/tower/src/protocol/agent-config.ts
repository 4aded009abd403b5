import { ProtocolError } from '../packets/wire.ts';

/** What an agent tells of itself and of the cluster that it runs in. */
export interface AgentConfig {
  version: string;
  /** Name of the cluster. */
  name: string;
  /** The secret that proves it. */
  token: string;
  /** Address of the Kubernetes API, `host:port`, as the agent reaches it. */
  kubernetesHost: string;
  /** Address of the KubeSphere API, `host:port`. */
  kubesphereHost: string;
  /** Client certificate for the Kubernetes API, PEM. */
  cert?: string;
  key?: string;
  /** CA of the Kubernetes API, PEM. */
  ca?: string;
  /** Token for the Kubernetes API. */
  bearerToken?: string;
}

const MAX_NAME = 253;
const MAX_TOKEN = 4096;
const MAX_HOST = 300;

/** `host:port`; an IPv6 address is in brackets. */
const HOST_PORT = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s:/@[\]]+):([1-9]\d{0,4})$/;

/** Whether a text is `host:port`. */
export function isHostPort(text: string): boolean {
  const port = HOST_PORT.exec(text)?.[1];
  return text.length <= MAX_HOST && port !== undefined && Number(port) <= 65_535;
}

function text(value: unknown, maximum: number): string {
  if (typeof value !== 'string' || value.length > maximum) {
    throw new ProtocolError('invalid config');
  }

  return value;
}

function pem(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') {
    return undefined;
  }
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) {
    throw new ProtocolError('invalid config');
  }

  return Buffer.from(value, 'base64').toString();
}

/** Reads what an agent tells; throws a ProtocolError whose text the agent may see. */
export function readAgentConfig(payload: Buffer): AgentConfig {
  let parsed: Record<string, unknown>;

  try {
    parsed = Object(JSON.parse(payload.toString()));
  } catch {
    throw new ProtocolError('invalid json config');
  }

  const optional = {
    cert: pem(parsed.CertData),
    key: pem(parsed.KeyData),
    ca: pem(parsed.CAData),
    bearerToken: pem(parsed.BearerToken)?.trim(),
  };

  const kubernetesHost = text(parsed.KubernetesSvcHost, MAX_HOST);
  const kubesphereHost = text(parsed.KubeSphereSvcHost, MAX_HOST);

  return {
    version: text(parsed.Version ?? '', MAX_NAME),
    name: text(parsed.Name, MAX_NAME),
    token: text(parsed.Token, MAX_TOKEN),
    kubernetesHost,
    kubesphereHost,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

/** Writes what an agent tells, as tower reads it. */
export function writeAgentConfig(config: AgentConfig): Buffer {
  const encoded = (value: string | undefined) =>
    value === undefined ? undefined : Buffer.from(value).toString('base64');

  return Buffer.from(
    JSON.stringify({
      Version: config.version,
      Name: config.name,
      Token: config.token,
      KubernetesSvcHost: config.kubernetesHost,
      KubeSphereSvcHost: config.kubesphereHost,
      CertData: encoded(config.cert),
      KeyData: encoded(config.key),
      CAData: encoded(config.ca),
      BearerToken: encoded(config.bearerToken),
    }),
  );
}
