import {
  apiVersionOf,
  type GroupVersionResource,
  parseApiVersion,
} from '@ks-apiserver/apimachinery/meta/types';
import type { Conversion } from './conversion.ts';

/** How a subresource with a kind of its own is told. */
export interface LegacySubresource {
  kind: string;
  /** apiVersion of its objects in the served version. */
  servedIn: string;
  conversion: Conversion;
}

/** A resource in a version that Kubernetes has ceased to serve. */
export interface LegacyKind extends GroupVersionResource {
  kind: string;
  /** What is served in its place. */
  served: GroupVersionResource;
  /** Undefined where the fields and their defaults are the same. */
  conversion: Conversion | undefined;
  /**
   * Subresources that the older version had: those that only need another path, or with a kind of
   * their own.
   */
  subresources: ReadonlyMap<string, LegacySubresource | undefined>;
  /**
   * Whether what it owns is left behind when it is deleted, unless the call says something else.
   */
  orphans: boolean;
  /** What Kubernetes says to who uses it. */
  warning: string;
}

/** Text of the warning about a kind (Kubernetes "Deprecated API Migration Guide"). */
function warningOf(
  apiVersion: string,
  kind: string,
  served: string,
  [deprecated, removed]: LegacyKindOptions['lifetime'],
): string {
  return `${apiVersion} ${kind} is deprecated in v${deprecated}+, unavailable in v${removed}+; use ${served} ${kind}`;
}

/** How the table of kinds describes one. */
export interface LegacyKindOptions {
  resource: string;
  kind: string;
  /** apiVersion that is served in its place. */
  served: string;
  /** Versions of Kubernetes that first called it deprecated and first had it not. */
  lifetime: readonly [deprecated: string, removed: string];
  conversion?: Conversion;
  subresources?: Readonly<Record<string, LegacySubresource | undefined>>;
  orphans?: boolean;
}

/** Makes a kind of an apiVersion from what the table says of it. */
export function legacyKind(apiVersion: string, options: LegacyKindOptions): LegacyKind {
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

/** How objects are told that a path of a kind is about: the kind's own, or a subresource's. */
export interface Told {
  kind: string;
  legacyIn: string;
  servedIn: string;
  conversion: Conversion | undefined;
}

/** What the objects of a kind, or of one of its subresources, are called in both versions. */
export function toldBy(legacy: LegacyKind, subresource: string): Told {
  const own = legacy.subresources.get(subresource);

  return {
    kind: own?.kind ?? legacy.kind,
    legacyIn: apiVersionOf(legacy),
    servedIn: own?.servedIn ?? apiVersionOf(legacy.served),
    conversion: own ? own.conversion : legacy.conversion,
  };
}
