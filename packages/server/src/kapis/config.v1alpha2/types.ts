import { Type } from 'typebox';

/** Names of features and whether each is on. */
export const ConfigzSchema = Type.Unsafe<Record<string, boolean>>({
  type: 'object',
  additionalProperties: { type: 'boolean' },
  description: 'features and whether each is on',
});

/** The OAuth settings that log-in pages need; ages are nanoseconds, as in 3.0. */
export const OAuthOptionsSchema = Type.Object(
  {
    identityProviders: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String(),
          mappingMethod: Type.String(),
          type: Type.String(),
          provider: Type.Optional(
            Type.Unsafe<object>({
              type: 'object',
              description:
                'what a log-in page needs: clientID, redirectURL, scopes, casServerURL, endpoint.authURL',
            }),
          ),
        }),
      ),
    ),
    clients: Type.Optional(Type.Array(Type.Object({ Name: Type.String() }))),
    accessTokenMaxAge: Type.Integer(),
    accessTokenInactivityTimeout: Type.Integer(),
  },
  { $id: 'oauth.Options' },
);

/** Kinds of GPUs that workloads may request, from the configuration. */
export const GpuKindsSchema = Type.Array(
  Type.Object(
    {
      resourceName: Type.String({ description: 'name of the resource, such as nvidia.com/gpu' }),
      resourceType: Type.String({ description: 'what people call it' }),
      default: Type.Boolean({ description: 'whether forms propose it' }),
    },
    { $id: 'gpu.GPUKind' },
  ),
);
