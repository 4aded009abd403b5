import { StringMap } from '@ks-apiserver/apimachinery/schema/string-map';
import { Type } from 'typebox';

const Metadata = Type.Object({
  name: Type.Optional(Type.String()),
  namespace: Type.Optional(Type.String()),
  generateName: Type.Optional(Type.String()),
  resourceVersion: Type.Optional(Type.String()),
  labels: Type.Optional(StringMap()),
  annotations: Type.Optional(StringMap()),
});

const Typed = {
  apiVersion: Type.Optional(Type.String()),
  kind: Type.Optional(Type.String()),
  metadata: Metadata,
};

/** User of iam.kubesphere.io/v1alpha2 as clients send it. */
export const UserSchema = Type.Object(
  {
    ...Typed,
    spec: Type.Object({
      email: Type.Optional(Type.String()),
      lang: Type.Optional(Type.String()),
      description: Type.Optional(Type.String()),
      displayName: Type.Optional(Type.String()),
      groups: Type.Optional(Type.Array(Type.String())),
      password: Type.Optional(Type.String()),
    }),
  },
  { $id: 'v1alpha2.User' },
);

/** A role of any level; the server makes its rules. */
export const RoleSchema = Type.Object(Typed, { $id: 'v1alpha2.Role' });

/** The fields of a role that are to change. */
export const RolePatchSchema = Type.Unsafe<Record<string, unknown>>({ type: 'object' });

/** A user and their role. */
export const MemberSchema = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: 253 }),
    roleRef: Type.String({ minLength: 1, maxLength: 253 }),
  },
  { $id: 'v1alpha2.Member' },
);

/** Members to be added. */
export const MembersSchema = Type.Array(MemberSchema, { maxItems: 1000 });

/** A change of password; users who change their own must send the current one. */
export const PasswordSchema = Type.Object(
  {
    currentPassword: Type.Optional(Type.String({ maxLength: 1024 })),
    password: Type.String({ minLength: 1, maxLength: 1024 }),
  },
  { $id: 'iam.PasswordReset' },
);

/**
 * A request for an API token; `expiresIn` is in seconds, 0 asks for the longest lifetime allowed.
 */
export const ApiTokenRequestSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 128 }),
    expiresIn: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { $id: 'iam.APITokenRequest' },
);

/** An API token in lists; `token` itself is only in the answer to its creation. */
export const ApiTokenSchema = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    created: Type.String(),
    expires: Type.Optional(Type.String()),
    lastUsed: Type.Optional(Type.String()),
    token: Type.Optional(Type.String()),
  },
  { $id: 'iam.APIToken' },
);

/** All API tokens of a user. */
export const ApiTokensSchema = Type.Object(
  { items: Type.Array(ApiTokenSchema), totalItems: Type.Integer() },
  { $id: 'iam.APITokens' },
);

/** Whether a user has a second factor. */
export const TotpStateSchema = Type.Object(
  { enabled: Type.Boolean(), pending: Type.Boolean(), recoveryCodes: Type.Integer() },
  { $id: 'iam.TOTPState' },
);

/** A change of a second factor: needs the user's password and, to turn it off, a code. */
export const TotpRequestSchema = Type.Object(
  {
    currentPassword: Type.Optional(Type.String({ maxLength: 1024 })),
    code: Type.Optional(Type.String({ maxLength: 64 })),
  },
  { $id: 'iam.TOTPRequest' },
);

/** The secret of a second factor, as text and as `otpauth:` URI, shown once. */
export const TotpSecretSchema = Type.Object(
  { secret: Type.String(), uri: Type.String() },
  { $id: 'iam.TOTPSecret' },
);

/** Codes that each work once in place of a one-time password, shown once. */
export const RecoveryCodesSchema = Type.Object(
  { recoveryCodes: Type.Array(Type.String()) },
  { $id: 'iam.RecoveryCodes' },
);

const Rule = Type.Object(
  Object.fromEntries(
    ['verbs', 'apiGroups', 'resources', 'resourceNames', 'nonResourceURLs'].map((field) => [
      field,
      Type.Optional(Type.Array(Type.String())),
    ]),
  ),
  { $id: 'v1.PolicyRule' },
);

const Level = Type.Enum(['global', 'workspace', 'namespace', 'cluster']);

const Place = {
  level: Level,
  workspace: Type.Optional(Type.String()),
  namespace: Type.Optional(Type.String()),
};

/** Explanation why a user may or may not make a call. */
export const ExplanationSchema = Type.Object(
  {
    user: Type.String(),
    allowed: Type.Boolean(),
    builtIn: Type.Array(Type.String(), {
      description: 'public-path, self-service or always-allow where no role is needed',
    }),
    grants: Type.Array(
      Type.Object({
        ...Place,
        binding: Type.Object({ kind: Type.String(), name: Type.String(), subject: Type.String() }),
        role: Type.Object({ kind: Type.String(), name: Type.String() }),
        rule: Type.Optional(Rule),
      }),
      { description: 'every rule that allows it, with its role and binding' },
    ),
    rolesThatWould: Type.Array(
      Type.Object({
        ...Place,
        role: Type.Object({
          kind: Type.String(),
          name: Type.String(),
          template: Type.Optional(Type.Boolean()),
        }),
      }),
      { description: 'roles that would allow a call that is not allowed, the narrowest first' },
    ),
    truncated: Type.Optional(Type.Boolean()),
  },
  { $id: 'v1alpha2.Explanation' },
);

/** Group of iam.kubesphere.io/v1alpha2 as clients send it. */
export const GroupSchema = Type.Object(
  { ...Typed, spec: Type.Optional(Type.Unknown()), status: Type.Optional(Type.Unknown()) },
  { $id: 'v1alpha2.Group' },
);

/** A user who is to be in a group. */
const GroupMemberSchema = Type.Object(
  {
    userName: Type.String({ minLength: 1, maxLength: 253 }),
    groupName: Type.String({ minLength: 1, maxLength: 253 }),
  },
  { $id: 'v1alpha2.GroupMember' },
);

/** Users who are to be in groups. */
export const GroupMembersSchema = Type.Array(GroupMemberSchema, { maxItems: 1000 });

/** GroupBinding of iam.kubesphere.io/v1alpha2. */
export const GroupBindingSchema = Type.Object(
  {
    ...Typed,
    groupRef: Type.Object({
      apiGroup: Type.Optional(Type.String()),
      kind: Type.Optional(Type.String()),
      name: Type.String(),
    }),
    users: Type.Array(Type.String()),
  },
  { $id: 'v1alpha2.GroupBinding' },
);

/**
 * A RoleBinding or WorkspaceRoleBinding as clients send it; the server sets name, label and scope.
 */
const BindingSchema = Type.Object(
  {
    ...Typed,
    metadata: Type.Optional(Metadata),
    subjects: Type.Array(
      Type.Object({
        apiGroup: Type.Optional(Type.String()),
        kind: Type.Enum(['User', 'Group', 'ServiceAccount']),
        name: Type.String({ minLength: 1, maxLength: 253 }),
        namespace: Type.Optional(Type.String()),
      }),
      { minItems: 1, maxItems: 1000 },
    ),
    roleRef: Type.Object({
      apiGroup: Type.Optional(Type.String()),
      kind: Type.Optional(Type.String()),
      name: Type.String({ minLength: 1, maxLength: 253 }),
    }),
  },
  { $id: 'v1alpha2.Binding' },
);

/** Bindings that are to be made. */
export const BindingsSchema = Type.Array(BindingSchema, { maxItems: 1000 });

/** 3.0's answer to a write without content. */
export const MessageSchema = Type.Object({ message: Type.String() }, { $id: 'errors.Error' });
