import type { Route } from '@ks-apiserver/http/routes/route';
import { BUILD } from '../config/build.ts';
import { builtinManifests } from '../install/manifests.ts';
import { isPublicPath } from '../models/authorization/public-paths.ts';
import { describeCustomResources } from './custom-resources.ts';
import { license } from './document.ts';
import { kubesphereSwagger } from './kubesphere-swagger.ts';
import { convertToOpenApi, type OpenApiDocument } from './openapi.ts';

const DESCRIPTION = `Every call of this server, and the custom resources of KubeSphere.
Kubernetes' own resources are described by \`/openapi/v3\`.

Log in with **Authorize**: by name and password, or with a token.`;

/** Describes the routes and the built-in custom resources, for `/docs`. */
export function describeApi(routes: readonly Route[]): OpenApiDocument {
  const info = {
    title: 'KubeSphere API',
    description: DESCRIPTION,
    version: BUILD.gitVersion,
    license,
  };
  const documents = [kubesphereSwagger(routes), describeCustomResources(builtinManifests().crds)];

  return convertToOpenApi(documents, { info, isPublic: isPublicPath });
}
