import { element, find, numberAt, ofClass, textAt, type XmlElement } from './element.ts';
import { type CloneOption, defined, type HostedSource } from './job-spec.ts';

const GIT = 'jenkins.plugins.git.traits';
const CLONE = `${GIT}.CloneOptionTrait`;
const REGEX = 'jenkins.scm.impl.trait.RegexSCMHeadFilterTrait';

/** Trait of Git sources whose branches become jobs. */
export const GIT_BRANCHES = `${GIT}.BranchDiscoveryTrait`;

/** Values for negative ones. */
const CLONE_DEFAULTS = { timeout: 10, depth: 1 };

/** How traits of a hosting product are written. */
export interface HostTraits {
  /** Package of the traits, as an element's name writes it. */
  elements: string;
  /** The same as an attribute writes it. */
  classes: string;
  /** Whom pull requests from forks are trusted by, from 1 on. */
  trusts: readonly string[];
}

/** Traits of the plugin for GitHub. */
export const GITHUB_TRAITS: HostTraits = {
  elements: 'org.jenkinsci.plugins.github__branch__source',
  classes: 'org.jenkinsci.plugins.github_branch_source',
  trusts: ['TrustContributors', 'TrustEveryone', 'TrustPermission', 'TrustNobody'],
};

/** Traits of the plugin for Bitbucket. */
export const BITBUCKET_TRAITS: HostTraits = {
  elements: 'com.cloudbees.jenkins.plugins.bitbucket',
  classes: 'com.cloudbees.jenkins.plugins.bitbucket',
  trusts: ['TrustEveryone', 'TrustTeamForks', 'TrustNobody'],
};

/** A number that means nobody stands for nobody: forks run code of strangers. */
const NOBODY = 'TrustNobody';

/** Writes what a hosted source discovers. */
export function writeDiscovery(
  source: HostedSource,
  { elements, classes, trusts }: HostTraits,
): (XmlElement | undefined)[] {
  const discovery = (trait: string, strategy: number | undefined) =>
    strategy
      ? element(`${elements}.${trait}`, [element('strategyId', String(strategy))])
      : undefined;

  const { strategy, trust } = source.discover_pr_from_forks ?? {};
  const className = `${classes}.ForkPullRequestDiscoveryTrait$${trusts[(trust ?? 0) - 1] ?? NOBODY}`;

  return [
    discovery('BranchDiscoveryTrait', source.discover_branches),
    discovery('OriginPullRequestDiscoveryTrait', source.discover_pr_from_origin),
    source.discover_pr_from_forks &&
      element(`${elements}.ForkPullRequestDiscoveryTrait`, [
        element('strategyId', String(strategy ?? 0)),
        ofClass('trust', { className }),
      ]),
  ];
}

/** Reads what a hosted source discovers. */
export function readDiscovery(
  traits: XmlElement | undefined,
  { elements, trusts }: HostTraits,
): Pick<HostedSource, 'discover_branches' | 'discover_pr_from_origin' | 'discover_pr_from_forks'> {
  const strategyOf = (trait: string) =>
    numberAt(traits, `${elements}.${trait}`, 'strategyId') || undefined;

  const forks = find(traits, `${elements}.ForkPullRequestDiscoveryTrait`);
  const trusted = find(forks, 'trust')?.attributes.class?.split('$').at(-1) ?? '';

  return defined<HostedSource>({
    discover_branches: strategyOf('BranchDiscoveryTrait'),
    discover_pr_from_origin: strategyOf('OriginPullRequestDiscoveryTrait'),
    discover_pr_from_forks: forks && {
      strategy: numberAt(forks, 'strategyId'),
      trust: trusts.indexOf(trusted) + 1,
    },
  });
}

/** Writes how a repository is cloned. */
export function writeCloneOption(option: CloneOption | undefined): XmlElement | undefined {
  if (!option) {
    return undefined;
  }

  const atLeastZero = (value: number | undefined, fallback: number) =>
    String(value !== undefined && value < 0 ? fallback : (value ?? 0));

  return element(CLONE, [
    ofClass('extension', { className: 'hudson.plugins.git.extensions.impl.CloneOption' }, [
      element('shallow', String(option.shallow ?? false)),
      element('noTags', 'false'),
      element('honorRefspec', 'true'),
      element('reference'),
      element('timeout', atLeastZero(option.timeout, CLONE_DEFAULTS.timeout)),
      element('depth', atLeastZero(option.depth, CLONE_DEFAULTS.depth)),
    ]),
  ]);
}

/** Reads how a repository is cloned. */
export function readCloneOption(traits: XmlElement | undefined): CloneOption | undefined {
  const extension = find(traits, CLONE, 'extension');

  return (
    extension && {
      shallow: textAt(extension, 'shallow') === 'true',
      timeout: numberAt(extension, 'timeout'),
      depth: numberAt(extension, 'depth'),
    }
  );
}

/** Writes the pattern of the branches that become jobs. */
export function writeRegexFilter(regex: string | undefined): XmlElement | undefined {
  return regex ? element(REGEX, [element('regex', regex)], { plugin: 'scm-api@2.4.0' }) : undefined;
}

/** Reads that pattern. */
export function readRegexFilter(traits: XmlElement | undefined): string | undefined {
  return textAt(traits, REGEX, 'regex');
}
