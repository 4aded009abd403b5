import {
  apiVersionOf,
  type GroupVersionResource,
  parseApiVersion,
} from '@ks-apiserver/apimachinery/meta/types';
import type { Conversion } from './conversion.ts';

/** A subresource with a kind of its own. */
export interface LegacySubresource {
  kind: string;
  /** apiVersion of its objects in the served version. */
  servedIn: string;
  conversion: Conversion;
}

/** A resource in a version that Kubernetes has ceased to serve. */
export interface LegacyKind extends GroupVersionResource {
  kind: string;
  /** The resource that is served instead. */
  served: GroupVersionResource;
  /** Undefined if the fields and their defaults are the same. */
  conversion: Conversion | undefined;
  /**
   * Subresources of the older version: those that only need another path, and those with a kind of
   * their own.
   */
  subresources: ReadonlyMap<string, LegacySubresource | undefined>;
  /** Whether dependents are orphaned on deletion unless the call says otherwise. */
  orphans: boolean;
  /** Kubernetes' warning to users of the version. */
  warning: string;
}

/** Returns the warning about a kind (Kubernetes "Deprecated API Migration Guide"). */
function warningOf(
  apiVersion: string,
  kind: string,
  served: string,
  [deprecated, removed]: LegacyKindOptions['lifetime'],
): string {
  return `${apiVersion} ${kind} is deprecated in v${deprecated}+, unavailable in v${removed}+; use ${served} ${kind}`;
}

/** A kind as the table of kinds describes it. */
export interface LegacyKindOptions {
  resource: string;
  kind: string;
  /** The apiVersion that is served instead. */
  served: string;
  /** Versions of Kubernetes that deprecated and removed it. */
  lifetime: readonly [deprecated: string, removed: string];
  conversion?: Conversion;
  subresources?: Readonly<Record<string, LegacySubresource | undefined>>;
  orphans?: boolean;
}

/** Makes a kind of an apiVersion from its description in the table. */
export function makeLegacyKind(apiVersion: string, options: LegacyKindOptions): LegacyKind {
  const {
    resource,
    kind,
    served,
    lifetime,
    conversion,
    subresources = {},
    orphans = false,
  } = options;

  return {
    ...parseApiVersion(apiVersion),
    resource,
    kind,
    served: { ...parseApiVersion(served), resource },
    conversion,
    subresources: new Map(Object.entries(subresources)),
    orphans,
    warning: warningOf(apiVersion, kind, served, lifetime),
  };
}

/**
 * Kind, apiVersions and conversion of the objects at a path: those of the kind, or of a
 * subresource.
 */
export interface VersionMapping {
  kind: string;
  legacyIn: string;
  servedIn: string;
  conversion: Conversion | undefined;
}

/** Returns the mapping of a kind, or of one of its subresources. */
export function mappingOf(legacy: LegacyKind, subresource: string): VersionMapping {
  const own = legacy.subresources.get(subresource);

  return {
    kind: own?.kind ?? legacy.kind,
    legacyIn: apiVersionOf(legacy),
    servedIn: own?.servedIn ?? apiVersionOf(legacy.served),
    conversion: own ? own.conversion : legacy.conversion,
  };
}
