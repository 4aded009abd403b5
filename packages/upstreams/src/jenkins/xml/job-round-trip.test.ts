import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jobMatches, readJob, writeJob } from './job-document.ts';
import type { JobSpec } from './job-spec.ts';

const text = fc.string({ unit: 'binary' }).filter((value) => !/[\0\uFFFE\uFFFF]/.test(value));
const some = text.filter((value) => value !== '');
const strategy = fc.integer({ min: 1, max: 4 });
const partial = { requiredKeys: [] };

const clone = fc.record({ shallow: fc.boolean(), timeout: fc.nat(100), depth: fc.nat(100) });

const hosted = fc.record(
  {
    scm_id: some,
    owner: some,
    repo: some,
    credential_id: some,
    api_uri: some,
    discover_branches: strategy,
    discover_pr_from_origin: strategy,
    discover_pr_from_forks: fc.record({ strategy, trust: fc.integer({ min: 1, max: 3 }) }),
    git_clone_option: clone,
    regex_filter: some,
  },
  partial,
);

const parameter = fc.oneof(
  fc.record(
    {
      name: some,
      type: fc.constantFrom('string', 'text', 'boolean', 'password'),
      default_value: some,
      description: some,
    },
    { requiredKeys: ['type'] },
  ),
  fc.record({ name: some, type: fc.constant('file') }),
  fc.record({
    name: some,
    type: fc.constant('choice'),
    default_value: fc.array(some, { minLength: 1 }).map((choices) => choices.join('\n')),
  }),
);

const spec: fc.Arbitrary<JobSpec> = fc.oneof(
  fc.record({
    type: fc.constant('pipeline'),
    pipeline: fc.record(
      {
        description: some,
        discarder: fc.record({ days_to_keep: some, num_to_keep: some }, partial),
        parameters: fc.array(parameter, { minLength: 1 }),
        disable_concurrent: fc.constant(true),
        timer_trigger: fc.record({ cron: some }, partial),
        remote_trigger: fc.record({ token: some }, partial),
        jenkinsfile: some,
      },
      partial,
    ),
  }),
  fc
    .record({
      options: fc.record(
        {
          description: some,
          discarder: fc.record({ days_to_keep: some, num_to_keep: some }, partial),
          timer_trigger: fc.record({ interval: fc.nat().map(String) }),
          script_path: some,
          multibranch_job_trigger: fc.record(
            { create_action_job_to_trigger: some, delete_action_job_to_trigger: some },
            partial,
          ),
        },
        partial,
      ),
      source: fc.oneof(
        hosted.map((source) => ({ source_type: 'github', github_source: source })),
        hosted.map((source) => ({
          source_type: 'bitbucket_server',
          bitbucket_server_source: source,
        })),
        fc
          .record({ scm_id: some, url: some, git_clone_option: clone, regex_filter: some }, partial)
          .map((source) => ({ source_type: 'git', git_source: source })),
        fc
          .record({ scm_id: some, remote: some, includes: some, excludes: some }, partial)
          .map((source) => ({ source_type: 'svn', svn_source: source })),
        fc
          .record({ scm_id: some, remote: some, credential_id: some }, partial)
          .map((source) => ({ source_type: 'single_svn', single_svn_source: source })),
      ),
    })
    .map(({ options, source }) => ({
      type: 'multi-branch-pipeline',
      multi_branch_pipeline: { ...options, ...source },
    })),
);

test('any spec is read from its document as it was written', () => {
  fc.assert(
    fc.property(spec, (written) => {
      const document = writeJob(written);

      // Objects of fast-check may have no prototype.
      assert.deepEqual(readJob(document), JSON.parse(JSON.stringify(written)));
      assert.ok(jobMatches(document, written));
    }),
  );
});
