import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { XmlElement } from './element.ts';
import { jobMatches, readJob, writeJob } from './job-document.ts';
import { type JobSpec, JobSpecError } from './job-spec.ts';
import { readXml } from './read-xml.ts';

const OWNER =
  '<owner class="org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject" reference="../.."/>';

/** Every option of a pipeline that holds its Jenkinsfile itself. */
const PIPELINE: JobSpec = {
  type: 'pipeline',
  pipeline: {
    name: 'nightly',
    description: 'tests & <packages>',
    discarder: { days_to_keep: '14', num_to_keep: '3' },
    parameters: [
      { name: 'BRANCH', type: 'string', default_value: 'main', description: 'what to build' },
      { name: 'MODE', type: 'choice', default_value: 'fast\nslow' },
      { name: 'NOTES', type: 'text', default_value: 'a\nb' },
      { name: 'DEPLOY', type: 'boolean', default_value: 'false' },
      { name: 'ARCHIVE', type: 'file' },
      { name: 'KEY', type: 'password', default_value: 'k' },
      { name: 'ODD', type: 'matrix' },
    ],
    disable_concurrent: true,
    timer_trigger: { cron: 'H 3 * * 1-5' },
    remote_trigger: { token: 'start-me' },
    jenkinsfile: "pipeline {\n  agent any\n  stages { stage('x') { steps { sh 'a && b' } } }\n}\n",
  },
};

const PIPELINE_DOCUMENT = `<?xml version='1.1' encoding='UTF-8'?>
<flow-definition plugin="workflow-job">
  <actions>
    <org.jenkinsci.plugins.pipeline.modeldefinition.actions.DeclarativeJobAction plugin="pipeline-model-definition"/>
    <org.jenkinsci.plugins.pipeline.modeldefinition.actions.DeclarativeJobPropertyTrackerAction plugin="pipeline-model-definition">
      <jobProperties/>
      <triggers/>
      <parameters/>
      <options/>
    </org.jenkinsci.plugins.pipeline.modeldefinition.actions.DeclarativeJobPropertyTrackerAction>
  </actions>
  <description>tests &amp; &lt;packages&gt;</description>
  <properties>
    <org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty/>
    <jenkins.model.BuildDiscarderProperty>
      <strategy class="hudson.tasks.LogRotator">
        <daysToKeep>14</daysToKeep>
        <numToKeep>3</numToKeep>
        <artifactDaysToKeep>-1</artifactDaysToKeep>
        <artifactNumToKeep>-1</artifactNumToKeep>
      </strategy>
    </jenkins.model.BuildDiscarderProperty>
    <hudson.model.ParametersDefinitionProperty>
      <parameterDefinitions>
        <hudson.model.StringParameterDefinition>
          <name>BRANCH</name>
          <description>what to build</description>
          <defaultValue>main</defaultValue>
        </hudson.model.StringParameterDefinition>
        <hudson.model.ChoiceParameterDefinition>
          <name>MODE</name>
          <description/>
          <choices class="java.util.Arrays$ArrayList">
            <a class="string-array">
              <string>fast</string>
              <string>slow</string>
            </a>
          </choices>
        </hudson.model.ChoiceParameterDefinition>
        <hudson.model.TextParameterDefinition>
          <name>NOTES</name>
          <description/>
          <defaultValue>a\nb</defaultValue>
        </hudson.model.TextParameterDefinition>
        <hudson.model.BooleanParameterDefinition>
          <name>DEPLOY</name>
          <description/>
          <defaultValue>false</defaultValue>
        </hudson.model.BooleanParameterDefinition>
        <hudson.model.FileParameterDefinition>
          <name>ARCHIVE</name>
          <description/>
        </hudson.model.FileParameterDefinition>
        <hudson.model.PasswordParameterDefinition>
          <name>KEY</name>
          <description/>
          <defaultValue>k</defaultValue>
        </hudson.model.PasswordParameterDefinition>
      </parameterDefinitions>
    </hudson.model.ParametersDefinitionProperty>
    <org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty>
      <triggers>
        <hudson.triggers.TimerTrigger>
          <spec>H 3 * * 1-5</spec>
        </hudson.triggers.TimerTrigger>
      </triggers>
    </org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty>
  </properties>
  <definition class="org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition" plugin="workflow-cps">
    <script>pipeline {\n  agent any\n  stages { stage(&apos;x&apos;) { steps { sh &apos;a &amp;&amp; b&apos; } } }\n}\n</script>
    <sandbox>true</sandbox>
  </definition>
  <triggers/>
  <authToken>start-me</authToken>
  <disabled>false</disabled>
</flow-definition>
`;

/** Returns a pipeline for every branch with a source. */
function multiBranch(source: object): JobSpec {
  return {
    type: 'multi-branch-pipeline',
    multi_branch_pipeline: {
      name: 'shop',
      description: 'all branches',
      discarder: { days_to_keep: '-1', num_to_keep: '5' },
      timer_trigger: { interval: '3600000' },
      script_path: 'ci/Jenkinsfile',
      ...source,
    },
  };
}

const CLONE = { shallow: true, timeout: 20, depth: 1 };
const CLONE_TRAIT =
  '<jenkins.plugins.git.traits.CloneOptionTrait><extension class="hudson.plugins.git.extensions.impl.CloneOption"><shallow>true</shallow><noTags>false</noTags><honorRefspec>true</honorRefspec><reference/><timeout>20</timeout><depth>1</depth></extension></jenkins.plugins.git.traits.CloneOptionTrait>';
const REGEX_TRAIT =
  '<jenkins.scm.impl.trait.RegexSCMHeadFilterTrait plugin="scm-api@2.4.0"><regex>main|v.*</regex></jenkins.scm.impl.trait.RegexSCMHeadFilterTrait>';

const SOURCES: readonly [name: string, source: object, document: string][] = [
  [
    'git',
    {
      source_type: 'git',
      git_source: {
        scm_id: '1',
        url: 'https://git.example/shop.git',
        credential_id: 'key',
        discover_branches: true,
        git_clone_option: CLONE,
        regex_filter: 'main|v.*',
      },
    },
    `<source class="jenkins.plugins.git.GitSCMSource" plugin="git"><id>1</id><remote>https://git.example/shop.git</remote><credentialsId>key</credentialsId><traits><jenkins.plugins.git.traits.BranchDiscoveryTrait/>${CLONE_TRAIT}${REGEX_TRAIT}</traits></source>`,
  ],
  [
    'github',
    {
      source_type: 'github',
      github_source: {
        scm_id: '2',
        owner: 'acme',
        repo: 'shop',
        credential_id: 'key',
        api_uri: 'https://github.example/api/v3',
        discover_branches: 1,
        discover_pr_from_origin: 2,
        discover_pr_from_forks: { strategy: 1, trust: 3 },
        git_clone_option: CLONE,
        regex_filter: 'main|v.*',
      },
    },
    `<source class="org.jenkinsci.plugins.github_branch_source.GitHubSCMSource" plugin="github-branch-source"><id>2</id><credentialsId>key</credentialsId><repoOwner>acme</repoOwner><repository>shop</repository><apiUri>https://github.example/api/v3</apiUri><traits><org.jenkinsci.plugins.github__branch__source.BranchDiscoveryTrait><strategyId>1</strategyId></org.jenkinsci.plugins.github__branch__source.BranchDiscoveryTrait><org.jenkinsci.plugins.github__branch__source.OriginPullRequestDiscoveryTrait><strategyId>2</strategyId></org.jenkinsci.plugins.github__branch__source.OriginPullRequestDiscoveryTrait><org.jenkinsci.plugins.github__branch__source.ForkPullRequestDiscoveryTrait><strategyId>1</strategyId><trust class="org.jenkinsci.plugins.github_branch_source.ForkPullRequestDiscoveryTrait$TrustPermission"/></org.jenkinsci.plugins.github__branch__source.ForkPullRequestDiscoveryTrait>${CLONE_TRAIT}${REGEX_TRAIT}</traits></source>`,
  ],
  [
    'bitbucket_server',
    {
      source_type: 'bitbucket_server',
      bitbucket_server_source: {
        scm_id: '3',
        owner: 'acme',
        repo: 'shop',
        credential_id: 'key',
        api_uri: 'https://bitbucket.example',
        discover_branches: 3,
        discover_pr_from_forks: { strategy: 2, trust: 2 },
      },
    },
    '<source class="com.cloudbees.jenkins.plugins.bitbucket.BitbucketSCMSource" plugin="cloudbees-bitbucket-branch-source"><id>3</id><credentialsId>key</credentialsId><repoOwner>acme</repoOwner><repository>shop</repository><serverUrl>https://bitbucket.example</serverUrl><traits><com.cloudbees.jenkins.plugins.bitbucket.BranchDiscoveryTrait><strategyId>3</strategyId></com.cloudbees.jenkins.plugins.bitbucket.BranchDiscoveryTrait><com.cloudbees.jenkins.plugins.bitbucket.ForkPullRequestDiscoveryTrait><strategyId>2</strategyId><trust class="com.cloudbees.jenkins.plugins.bitbucket.ForkPullRequestDiscoveryTrait$TrustTeamForks"/></com.cloudbees.jenkins.plugins.bitbucket.ForkPullRequestDiscoveryTrait></traits></source>',
  ],
  [
    'svn',
    {
      source_type: 'svn',
      svn_source: {
        scm_id: '4',
        remote: 'svn://svn.example/shop',
        credential_id: 'key',
        includes: 'trunk,branches/*',
        excludes: 'tags',
      },
    },
    '<source class="jenkins.scm.impl.subversion.SubversionSCMSource" plugin="subversion"><id>4</id><credentialsId>key</credentialsId><remoteBase>svn://svn.example/shop</remoteBase><includes>trunk,branches/*</includes><excludes>tags</excludes></source>',
  ],
  [
    'single_svn',
    {
      source_type: 'single_svn',
      single_svn_source: {
        scm_id: '5',
        remote: 'svn://svn.example/shop/trunk',
        credential_id: 'key',
      },
      multibranch_job_trigger: {
        create_action_job_to_trigger: 'a',
        delete_action_job_to_trigger: 'b',
      },
    },
    '<source class="jenkins.scm.impl.SingleSCMSource" plugin="scm-api"><id>5</id><name>master</name><scm class="hudson.scm.SubversionSCM" plugin="subversion"><locations><hudson.scm.SubversionSCM_-ModuleLocation><remote>svn://svn.example/shop/trunk</remote><credentialsId>key</credentialsId><local>.</local><depthOption>infinity</depthOption><ignoreExternalsOption>true</ignoreExternalsOption><cancelProcessOnExternalsFail>true</cancelProcessOnExternalsFail></hudson.scm.SubversionSCM_-ModuleLocation></locations></scm><excludedRegions/><includedRegions/><excludedUsers/><excludedRevprop/><excludedCommitMessages/><workspaceUpdater class="hudson.scm.subversion.UpdateUpdater"/><ignoreDirPropChanges>false</ignoreDirPropChanges><filterChangelog>false</filterChangelog><quietOperation>true</quietOperation></source>',
  ],
];

/** Returns the first element of a name anywhere below another. */
function search(from: XmlElement, name: string): XmlElement | undefined {
  return from.name === name
    ? from
    : from.children.map((child) => search(child, name)).find((found) => found !== undefined);
}

describe('the document of a pipeline', () => {
  it('has every option in the order of Jenkins', () => {
    assert.equal(writeJob(PIPELINE), PIPELINE_DOCUMENT);
  });

  it('has nothing but defaults without options', () => {
    const root = readXml(writeJob({ type: 'pipeline', pipeline: { jenkinsfile: 'x' } }));

    assert.deepEqual(
      root.children.map(({ name, children }) => [name, children.length]),
      [
        ['actions', 2],
        ['description', 0],
        ['properties', 0],
        ['definition', 2],
        ['triggers', 0],
        ['disabled', 0],
      ],
    );
  });

  for (const [type, source, document] of SOURCES) {
    it(`has the source of type ${type} in the order of Jenkins`, () => {
      const root = readXml(writeJob(multiBranch(source)));

      assert.deepEqual(search(root, 'source'), readXml(document));
      assert.deepEqual(search(root, 'folderViews')?.children, [readXml(OWNER)]);
      assert.deepEqual(
        root.children.map(({ name }) => name),
        [
          'actions',
          'properties',
          'folderViews',
          'healthMetrics',
          'icon',
          'description',
          'orphanedItemStrategy',
          'triggers',
          'sources',
          'factory',
        ],
      );
    });

    it(`with a source of type ${type} is read as what was written`, () => {
      const { name: _, ...spec } = multiBranch(source).multi_branch_pipeline ?? {};

      assert.deepEqual(readJob(writeJob(multiBranch(source))).multi_branch_pipeline, spec);
    });
  }

  for (const [interval, cron] of [
    ['300000', '* * * * *'],
    ['300001', 'H/5 * * * *'],
    ['3600000', 'H/15 * * * *'],
    ['28800000', 'H/30 * * * *'],
    ['86400000', 'H H/4 * * *'],
    ['172800000', 'H H/12 * * *'],
    ['172800001', 'H H * * *'],
  ] as const) {
    it(`looks for branches by "${cron}" for an interval of ${interval} ms`, () => {
      const spec = multiBranch({ ...SOURCES[0]?.[1], timer_trigger: { interval } });

      assert.equal(search(readXml(writeJob(spec)), 'spec')?.text, cron);
    });
  }

  it('trusts nobody where the number of the trust is unknown', () => {
    const spec = multiBranch({
      source_type: 'bitbucket_server',
      bitbucket_server_source: { discover_pr_from_forks: { strategy: 1, trust: 9 } },
    });

    assert.match(search(readXml(writeJob(spec)), 'trust')?.attributes.class ?? '', /TrustNobody$/);
  });

  for (const [spec, message] of [
    [{ type: 'freestyle' }, /spec\.type "freestyle" is not supported/],
    [{ type: 'pipeline' }, /spec\.pipeline is required/],
    [{ type: 'multi-branch-pipeline' }, /spec\.multi_branch_pipeline is required/],
    [multiBranch({ source_type: 'cvs' }), /source_type "cvs" is not supported/],
    [multiBranch({ source_type: 'git' }), /git_source is required/],
    [multiBranch({ ...SOURCES[0]?.[1], timer_trigger: {} }), /interval "" is no number/],
    [{ type: 'pipeline', pipeline: { description: 'a\0b' } }, /U\+0000, which XML cannot hold/],
    [{ type: 'pipeline', pipeline: { description: '\ud800' } }, /U\+D800/],
  ] as const) {
    it(`is refused: ${message.source}`, () => {
      assert.throws(
        () => writeJob(spec),
        (error) => error instanceof JobSpecError && message.test(error.message),
      );
    });
  }
});

describe('a stored document', () => {
  it('matches with versions of plugins, another header and line, and an encrypted password', () => {
    const stored = writeJob(PIPELINE)
      .replace(/plugin="([\w-]+)"/g, 'plugin="$1@2.40"')
      .replace("<?xml version='1.1'", "\n\n<?xml version='1.0'")
      .replace('<defaultValue>k<', '<defaultValue>{AQAAABAAAAAQwA+/=}<');

    assert.ok(jobMatches(stored, PIPELINE));
  });

  it('differs where somebody has edited the job', () => {
    assert.ok(!jobMatches(writeJob(PIPELINE).replace('>main<', '>other<'), PIPELINE));
    assert.ok(!jobMatches(writeJob(PIPELINE).replace('>k<', '>plain<'), PIPELINE));
    assert.ok(!jobMatches('<project/>', PIPELINE));
    assert.ok(!jobMatches('not XML', PIPELINE));
  });

  it('of GitHub matches although 3.0 would write it forever', () => {
    const spec = multiBranch(SOURCES[1]?.[1] ?? {});

    assert.ok(jobMatches(writeJob(spec), spec));
  });

  it('may have choices in the form of later versions of Jenkins', () => {
    const plain = '<choices><string>fast</string><string>slow</string></choices>';
    const stored = writeJob(PIPELINE).replace(/<choices.*<\/choices>/s, plain);

    assert.ok(jobMatches(stored, PIPELINE));
  });
});
