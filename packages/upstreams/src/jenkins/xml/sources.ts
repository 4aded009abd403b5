import { element, find, ofClass, textAt, unlessEmpty, type XmlElement } from './element.ts';
import {
  defined,
  type GitSource,
  type HostedSource,
  JobSpecError,
  type MultiBranchSpec,
} from './job-spec.ts';
import {
  readSingleSvn,
  readSvn,
  SINGLE_SVN,
  SVN,
  writeSingleSvn,
  writeSvn,
} from './svn-sources.ts';
import {
  BITBUCKET_TRAITS,
  GIT_BRANCHES,
  GITHUB_TRAITS,
  type HostTraits,
  readCloneOption,
  readDiscovery,
  readRegexFilter,
  writeCloneOption,
  writeDiscovery,
  writeRegexFilter,
} from './traits.ts';

const GIT = { className: 'jenkins.plugins.git.GitSCMSource', plugin: 'git' };

const GITHUB = {
  className: 'org.jenkinsci.plugins.github_branch_source.GitHubSCMSource',
  plugin: 'github-branch-source',
};

const BITBUCKET = {
  className: 'com.cloudbees.jenkins.plugins.bitbucket.BitbucketSCMSource',
  plugin: 'cloudbees-bitbucket-branch-source',
};

type Source = Pick<
  MultiBranchSpec,
  | 'source_type'
  | 'git_source'
  | 'github_source'
  | 'bitbucket_server_source'
  | 'svn_source'
  | 'single_svn_source'
>;

/** Writes the source of a pipeline. Throws a JobSpecError when there is none of its type. */
export function writeSource(spec: MultiBranchSpec): XmlElement {
  switch (spec.source_type) {
    case 'git':
      return writeGit(required(spec, 'git_source'));
    case 'github':
      return writeGithub(required(spec, 'github_source'));
    case 'bitbucket_server':
      return writeBitbucket(required(spec, 'bitbucket_server_source'));
    case 'svn':
      return writeSvn(required(spec, 'svn_source'));
    case 'single_svn':
      return writeSingleSvn(required(spec, 'single_svn_source'));
    default:
      throw new JobSpecError(
        `spec.multi_branch_pipeline.source_type "${spec.source_type ?? ''}" is not supported: use git, github, bitbucket_server, svn or single_svn`,
      );
  }
}

function required<K extends keyof Source>(
  spec: MultiBranchSpec,
  field: K,
): NonNullable<MultiBranchSpec[K]> {
  const source = spec[field];
  if (!source) {
    throw new JobSpecError(
      `spec.multi_branch_pipeline.${field} is required for the source type "${spec.source_type}"`,
    );
  }

  return source;
}

/** Reads the source of a pipeline; one of an unknown class has its class as its type. */
export function readSource(source: XmlElement | undefined): Source {
  const className = source?.attributes.class ?? '';

  switch (className) {
    case GIT.className:
      return { source_type: 'git', git_source: readGit(source) };
    case GITHUB.className:
      return { source_type: 'github', github_source: readHosted(source, 'apiUri', GITHUB_TRAITS) };
    case BITBUCKET.className:
      return {
        source_type: 'bitbucket_server',
        bitbucket_server_source: readHosted(source, 'serverUrl', BITBUCKET_TRAITS),
      };
    case SVN.className:
      return { source_type: 'svn', svn_source: readSvn(source) };
    case SINGLE_SVN.className:
      return { source_type: 'single_svn', single_svn_source: readSingleSvn(source) };
    default:
      return { source_type: className };
  }
}

function writeGit(source: GitSource): XmlElement {
  return ofClass('source', GIT, [
    element('id', source.scm_id),
    element('remote', source.url),
    unlessEmpty('credentialsId', source.credential_id),
    element('traits', [
      source.discover_branches ? element(GIT_BRANCHES) : undefined,
      writeCloneOption(source.git_clone_option),
      writeRegexFilter(source.regex_filter),
    ]),
  ]);
}

function readGit(source: XmlElement | undefined): GitSource {
  const traits = find(source, 'traits');

  return defined<GitSource>({
    scm_id: textAt(source, 'id'),
    url: textAt(source, 'remote'),
    credential_id: textAt(source, 'credentialsId'),
    discover_branches: find(traits, GIT_BRANCHES) && true,
    git_clone_option: readCloneOption(traits),
    regex_filter: readRegexFilter(traits),
  });
}

function writeGithub(source: HostedSource): XmlElement {
  return ofClass('source', GITHUB, [
    ...writeRepository(source),
    unlessEmpty('apiUri', source.api_uri),
    writeHostTraits(source, GITHUB_TRAITS),
  ]);
}

function writeBitbucket(source: HostedSource): XmlElement {
  return ofClass('source', BITBUCKET, [
    ...writeRepository(source),
    element('serverUrl', source.api_uri),
    writeHostTraits(source, BITBUCKET_TRAITS),
  ]);
}

function writeRepository(source: HostedSource): XmlElement[] {
  return [
    element('id', source.scm_id),
    element('credentialsId', source.credential_id),
    element('repoOwner', source.owner),
    element('repository', source.repo),
  ];
}

function writeHostTraits(source: HostedSource, traits: HostTraits): XmlElement {
  return element('traits', [
    ...writeDiscovery(source, traits),
    writeCloneOption(source.git_clone_option),
    writeRegexFilter(source.regex_filter),
  ]);
}

function readHosted(
  source: XmlElement | undefined,
  uriElement: string,
  hostTraits: HostTraits,
): HostedSource {
  const traits = find(source, 'traits');

  return defined<HostedSource>({
    scm_id: textAt(source, 'id'),
    owner: textAt(source, 'repoOwner'),
    repo: textAt(source, 'repository'),
    credential_id: textAt(source, 'credentialsId'),
    api_uri: textAt(source, uriElement),
    ...readDiscovery(traits, hostTraits),
    git_clone_option: readCloneOption(traits),
    regex_filter: readRegexFilter(traits),
  });
}
