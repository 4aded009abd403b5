import { type Static, type TSchema, Type } from 'typebox';
import { AUDIT_LEVELS } from '../models/auditing/audit-level.ts';
import { PROVIDER_TYPES } from '../models/identity-providers/registry.ts';

/** Milliseconds; written in files as `2h30m` or, like 3.0, as a number of nanoseconds. */
export const Duration = (milliseconds: number) =>
  Type.Number({ default: milliseconds, minimum: 0, 'x-duration': true });

const OwnDuration = Type.Optional(Type.Number({ minimum: 0, 'x-duration': true }));
const Text = (value = '') => Type.String({ default: value });
const Count = (value: number, maximum = Number.MAX_SAFE_INTEGER) =>
  Type.Integer({ default: value, minimum: 0, maximum });
const Flag = (value = false) => Type.Boolean({ default: value });
const Port = (value: number) => Type.Integer({ default: value, minimum: 0, maximum: 65535 });
const Section = <T extends Record<string, TSchema>>(properties: T) =>
  Type.Object(properties, { default: {} });

/** Versions of KubeSphere that this server can report: the last of each minor version. */
export const COMPATIBLE_VERSIONS = ['3.0.0', '3.1.1', '3.2.1', '3.3.2', '3.4.1'] as const;

const HOUR = 3_600_000;

/** A console or proxy on the same machine; others must be named. */
const LOOPBACK = ['127.0.0.0/8', '::1/128'];

const IdentityProvider = Type.Object({
  name: Type.String({ minLength: 1 }),
  mappingMethod: Type.Enum(['auto', 'lookup', 'mixed'], { default: 'auto' }),
  type: Type.Enum(Object.keys(PROVIDER_TYPES)),
  // Users are created without a confirmation page, whatever this says.
  disableLoginConfirmation: Flag(true),
  // Callbacks that no log-in of the same browser has started, as consoles of 3.x send them.
  allowMissingState: Flag(),
  // Read by the schema of its type.
  provider: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
});

const OAuthClient = Type.Object({
  name: Type.String({ minLength: 1 }),
  secret: Text(),
  respondWithChallenges: Flag(),
  redirectURIs: Type.Array(Type.String(), { default: [] }),
  // Where a browser may be sent after it has logged out (OpenID Connect RP-Initiated Logout section
  // 3.1).
  postLogoutRedirectURIs: Type.Array(Type.String(), { default: [] }),
  idTokenSignedResponseAlg: Type.Enum(['RS256', 'ES256'], { default: 'RS256' }),
  grantMethod: Type.Enum(['auto', 'prompt', 'deny'], { default: 'auto' }),
  scopeRestrictions: Type.Array(Type.String(), { default: [] }),
  // Those of oauthOptions when they are missing.
  accessTokenMaxAge: OwnDuration,
  accessTokenInactivityTimeout: OwnDuration,
});

const ScrapeTarget = Type.Object({
  // A page in Prometheus' text format or OpenMetrics.
  url: Type.String({ minLength: 1 }),
  // Labels of its series; `job` and `instance` are there without being named.
  labels: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
  // Whether labels of the page win over these, as in Prometheus.
  honorLabels: Flag(),
  // PEM file with the authorities that are trusted instead of Node's own.
  caFile: Text(),
});

/** An Elasticsearch or OpenSearch cluster, and how the names of its daily indices begin. */
const Index = (indexPrefix: string) => ({
  // Addresses, separated by commas.
  host: Text(),
  indexPrefix: Text(indexPrefix),
  version: Text(),
  username: Text(),
  password: Text(),
  // Instead of a name and password.
  apiKey: Text(),
  // PEM; the system's CAs without it.
  caFile: Text(),
  timeout: Duration(60_000),
});

/**
 * Schema of kubesphere.yaml: the sections, names and defaults of KubeSphere 3.0; durations are
 * milliseconds once read.
 */
export const ConfigSchema = Type.Object({
  authentication: Section({
    authenticateRateLimiterMaxTries: Type.Integer({ default: 5, minimum: 1, maximum: 1000 }),
    authenticateRateLimiterDuration: Duration(HOUR / 2),
    maximumClockSkew: Duration(10_000),
    // Failures from one address, whatever the names; 0 turns this off.
    authenticateRateLimiterMaxTriesPerSource: Count(100, 1000),
    // Proxies that are trusted to report a caller's address.
    trustedProxies: Type.Array(Type.String(), { default: LOOPBACK }),
    loginHistoryRetentionPeriod: Duration(168 * HOUR),
    loginHistoryMaximumEntries: Type.Integer({ default: 100, minimum: 1, maximum: 100_000 }),
    multipleLogin: Flag(),
    jwtSecret: Text(),
    passwordPolicy: Section({
      minLength: Type.Integer({ default: 8, minimum: 1, maximum: 64 }),
      minClasses: Type.Integer({ default: 0, minimum: 0, maximum: 4 }),
      refuseCommon: Flag(true),
      changeInitial: Flag(),
    }),
    apiTokens: Section({
      enable: Flag(true),
      maxAge: Duration(365 * 24 * HOUR),
      maxPerUser: Type.Integer({ default: 50, minimum: 1, maximum: 1000 }),
    }),
    // What authenticator apps show next to the user's name.
    totp: Section({ issuer: Text('KubeSphere') }),
    // Origins of pages that may open WebSockets although they come from elsewhere; `*` for all.
    webSocketOrigins: Type.Array(Type.String(), { default: [] }),
    kubectlImage: Text('kubesphere/kubectl:v1.0.0'),
    oauthOptions: Section({
      // URL by which clients reach this server, and the `iss` of its ID tokens (3.2).
      issuer: Text(),
      // RSA key in PEM that signs ID tokens, as a file or in base64 (3.2); without one the server
      // makes and renews its own.
      signKey: Text(),
      signKeyData: Text(),
      // After this time a generated key is replaced; 0 for never.
      signingKeyMaxAge: Duration(90 * 24 * HOUR),
      accessTokenMaxAge: Duration(2 * HOUR),
      accessTokenInactivityTimeout: Duration(2 * HOUR),
      // How long after a log-in its session may be refreshed; 0 for no limit, as in 3.0.
      sessionMaxAge: Duration(0),
      identityProviders: Type.Array(IdentityProvider, { default: [] }),
      clients: Type.Array(OAuthClient, { default: [] }),
    }),
  }),
  authorization: Section({
    mode: Type.Enum(['RBAC', 'AlwaysAllow', 'AlwaysDeny'], { default: 'RBAC' }),
    // OPA server that evaluates modules in annotations of roles; caFile is a PEM file with the CA
    // of its certificate.
    opa: Section({ endpoint: Text(), timeout: Duration(1000), caFile: Text() }),
  }),
  // Simulated workloads of the embedded API.
  simulation: Section({
    enabled: Flag(),
    nodes: Type.Integer({ default: 3, minimum: 1, maximum: 100 }),
    // Containers start after half of this to all of it.
    startDelay: Duration(1000),
    // How long containers of Jobs run.
    runDuration: Duration(3000),
  }),
  kubernetes: Section({
    kubeconfig: Text(),
    master: Text(),
    qps: Type.Number({ default: 1e6, minimum: 0 }),
    burst: Count(1e6),
  }),
  redis: Section({ host: Text(), port: Port(6379), password: Text(), db: Count(0, 65535) }),
  ldap: Section({
    host: Text(),
    managerDN: Text('cn=admin,dc=example,dc=org'),
    managerPassword: Text(),
    userSearchBase: Text('ou=Users,dc=example,dc=org'),
    groupSearchBase: Text('ou=Groups,dc=example,dc=org'),
    initialCap: Count(10),
    maxCap: Count(100),
    poolName: Text('ldap'),
  }),
  multicluster: Section({
    enable: Flag(),
    // A member takes tokens of its host's users, whose uids are other ones there (KubeSphere 3.1).
    clusterRole: Type.Enum(['none', 'host', 'member'], { default: 'none' }),
    enableFederation: Flag(),
    // Who propagates objects to members: this server, a KubeFed that runs beside it, or nobody.
    federation: Type.Enum(['own', 'kubefed', 'off'], { default: 'own' }),
    proxyPublishService: Text(),
    proxyPublishAddress: Text(),
    agentImage: Text('kubesphere/tower:v1.0'),
    // What the image holds: tower's agent, or this program, whose command `agent` is that.
    agentProgram: Type.Enum(['tower', 'ks-apiserver'], { default: 'tower' }),
    // Agents of members connect to this server, as they do to tower in 3.0; without `enable` a tower
    // beside it takes them.
    agents: Section({
      enable: Flag(true),
      // A port for agents alone, such as tower's 8080; they may use the main port in any case.
      port: Port(0),
      bindAddress: Text('0.0.0.0'),
      // Two ports for each member, and the Service `mc-NAME` in front of them, for others that call
      // members, such as KubeFed; clients need the certificate in the kubeconfig of the Cluster.
      memberPorts: Section({ enable: Flag(), bindAddress: Text('127.0.0.1') }),
    }),
  }),
  // The version of KubeSphere that this server reports: later consoles choose their menus by it.
  compatibility: Section({ version: Type.Enum([...COMPATIBLE_VERSIONS], { default: '3.0.0' }) }),
  // Versions of Kubernetes' kinds that the cluster no longer serves are served here for older
  // clients.
  legacyVersions: Flag(true),
  // Networks of Git servers and image registries that users may name although they are not public.
  verification: Section({ allowedCIDRs: Type.Array(Type.String(), { default: [] }) }),
  // Terminals over WebSocket end after this time without input, and altogether; 0 for never.
  terminal: Section({
    idleTimeout: Duration(HOUR),
    maxAge: Duration(12 * HOUR),
    maxSessionsPerUser: Type.Integer({ default: 20, minimum: 1, maximum: 1000 }),
    // A peer that has not answered a ping by the next one is gone.
    pingInterval: Type.Number({ default: 30_000, minimum: 1000, 'x-duration': true }),
  }),
  // Live lists, watches of the Kubernetes API, followed logs and upgraded connections that one user
  // may have open.
  watches: Section({ maxPerUser: Type.Integer({ default: 500, minimum: 1, maximum: 20_000 }) }),
  // Any API like that of Prometheus.
  monitoring: Section({
    endpoint: Text(),
    username: Text(),
    password: Text(),
    bearerToken: Text(),
    // PEM file with the authorities that are trusted, instead of those of Node.
    caFile: Text(),
    headers: Type.Record(Type.String(), Type.String(), { default: {} }),
    // Limit of one query with its answer.
    timeout: Type.Number({ default: 30_000, minimum: 1000, 'x-duration': true }),
    maxConcurrency: Type.Integer({ default: 64, minimum: 1, maximum: 1000 }),
    // Without an endpoint this server collects metrics itself and keeps them in its data directory.
    embedded: Section({
      enable: Flag(true),
      interval: Type.Number({ default: 60_000, minimum: 5000, 'x-duration': true }),
      retention: Type.Number({ default: 168 * HOUR, minimum: 3 * HOUR, 'x-duration': true }),
      maxBytes: Type.Integer({ default: 2 * 1024 ** 3, minimum: 64 * 1024 ** 2 }),
      maxSeries: Type.Integer({ default: 500_000, minimum: 1000 }),
      // Whether metrics of the cluster's objects, nodes and containers are collected.
      collect: Flag(true),
      // Whether the rules are evaluated that the charts read.
      rules: Flag(true),
      // Pages of applications that are scraped besides.
      scrapeTargets: Type.Array(ScrapeTarget, { default: [] }),
    }),
  }),
  logging: Section(Index('fluentbit')),
  events: Section(Index('ks-logstash-events')),
  auditing: Section({
    // Whether records are posted to the webhook.
    enable: Flag(),
    webhookUrl: Text(),
    webhookCaFile: Text(),
    webhookInsecureSkipVerify: Flag(),
    webhookTimeout: Type.Number({ default: 3000, minimum: 100, 'x-duration': true }),
    // How much is recorded; without a level the cluster's Webhook object decides, as in 3.0.
    level: Type.Enum(['', ...AUDIT_LEVELS], { default: '' }),
    // Leaves out calls that change nothing.
    omitReads: Type.Optional(Type.Boolean()),
    // Answers to writes wait until their records (level Request and above) are kept.
    blocking: Flag(),
    ...Index('ks-logstash-auditing'),
  }),
  // Where logs, events and audit records are kept that no Elasticsearch is configured for.
  search: Section({
    // `auto`: with the embedded Kubernetes API.
    store: Type.Enum(['auto', 'on', 'off'], { default: 'auto' }),
    // Folder of the files; below the data directory without it.
    directory: Text(),
    retention: Duration(168 * HOUR),
    maxBytes: Count(10_000_000_000),
    timeout: Duration(60_000),
    // Whether this server stores the events of the Kubernetes API itself.
    events: Flag(true),
    // Follows the logs of all pods through the Kubernetes API, for small clusters without a collector.
    podLogs: Section({
      enable: Flag(),
      maxStreams: Type.Integer({ default: 200, minimum: 1, maximum: 5000 }),
    }),
    // The Elasticsearch API for collectors; a token is generated where none is given.
    ingest: Section({ enable: Flag(true), token: Text() }),
  }),
  alerting: Section({ endpoint: Text() }),
  notification: Section({ endpoint: Text() }),
  devops: Section({
    host: Text(),
    username: Text(),
    password: Text(),
    maxConnections: Count(100),
    // What users are given in Jenkins: roles of their projects, or, as in 3.0, everything.
    userRoles: Type.Enum(['projects', 'admin'], { default: 'projects' }),
  }),
  sonarqube: Section({ host: Text(), token: Text() }),
  servicemesh: Section({
    istioPilotHost: Text(),
    jaegerQueryHost: Text(),
    servicemeshPrometheusHost: Text(),
    // PEM file with the authorities that are trusted at the hosts above, instead of those of Node.
    caFile: Text(),
  }),
  // Extended resources of nodes that are GPUs, for the forms of consoles of 3.3 and later.
  gpu: Section({
    kinds: Type.Array(
      Type.Object({
        resourceName: Type.String({ minLength: 1 }),
        resourceType: Text(),
        default: Flag(),
      }),
      { default: [] },
    ),
  }),
  network: Section({
    enableNetworkPolicy: Flag(),
    nsnpOptions: Section({ allowedIngressNamespaces: Type.Array(Type.String(), { default: [] }) }),
    // Host of a Weave Scope that draws topologies, as in 3.1.
    weaveScopeHost: Text(),
  }),
  s3: Section({
    endpoint: Text(),
    region: Text('us-east-1'),
    disableSSL: Flag(true),
    forcePathStyle: Flag(true),
    accessKeyID: Text(),
    secretAccessKey: Text(),
    sessionToken: Text(),
    bucket: Text('s2i-binaries'),
  }),
  openpitrix: Section({
    runtimeManagerEndpoint: Text(),
    clusterManagerEndpoint: Text(),
    repoManagerEndpoint: Text(),
    appManagerEndpoint: Text(),
    categoryManagerEndpoint: Text(),
    attachmentManagerEndpoint: Text(),
    repoIndexerEndpoint: Text(),
  }),
});

/** The configuration after validation, every field set. */
export type Config = Static<typeof ConfigSchema>;
