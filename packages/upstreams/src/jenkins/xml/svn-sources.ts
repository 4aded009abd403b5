import { element, find, ofClass, textAt, unlessEmpty, type XmlElement } from './element.ts';
import { defined, type SingleSvnSource, type SvnSource } from './job-spec.ts';

/** Class and plugin of sources that are Subversion repositories. */
export const SVN = {
  className: 'jenkins.scm.impl.subversion.SubversionSCMSource',
  plugin: 'subversion',
};

/** Class and plugin of sources with one branch. */
export const SINGLE_SVN = { className: 'jenkins.scm.impl.SingleSCMSource', plugin: 'scm-api' };

const LOCATION = 'hudson.scm.SubversionSCM_-ModuleLocation';

/** Writes a Subversion repository with branches. */
export function writeSvn(source: SvnSource): XmlElement {
  return ofClass('source', SVN, [
    element('id', source.scm_id),
    unlessEmpty('credentialsId', source.credential_id),
    unlessEmpty('remoteBase', source.remote),
    unlessEmpty('includes', source.includes),
    unlessEmpty('excludes', source.excludes),
  ]);
}

/** Reads a Subversion repository with branches. */
export function readSvn(source: XmlElement | undefined): SvnSource {
  return defined<SvnSource>({
    scm_id: textAt(source, 'id'),
    remote: textAt(source, 'remoteBase'),
    credential_id: textAt(source, 'credentialsId'),
    includes: textAt(source, 'includes'),
    excludes: textAt(source, 'excludes'),
  });
}

/** Writes one folder of a Subversion repository; the last elements stand where 3.0 puts them. */
export function writeSingleSvn(source: SingleSvnSource): XmlElement {
  const location = element(LOCATION, [
    unlessEmpty('remote', source.remote),
    unlessEmpty('credentialsId', source.credential_id),
    element('local', '.'),
    element('depthOption', 'infinity'),
    element('ignoreExternalsOption', 'true'),
    element('cancelProcessOnExternalsFail', 'true'),
  ]);

  return ofClass('source', SINGLE_SVN, [
    element('id', source.scm_id),
    element('name', 'master'),
    ofClass('scm', { className: 'hudson.scm.SubversionSCM', plugin: 'subversion' }, [
      element('locations', [location]),
    ]),
    element('excludedRegions'),
    element('includedRegions'),
    element('excludedUsers'),
    element('excludedRevprop'),
    element('excludedCommitMessages'),
    ofClass('workspaceUpdater', { className: 'hudson.scm.subversion.UpdateUpdater' }),
    element('ignoreDirPropChanges', 'false'),
    element('filterChangelog', 'false'),
    element('quietOperation', 'true'),
  ]);
}

/** Reads one folder of a Subversion repository. */
export function readSingleSvn(source: XmlElement | undefined): SingleSvnSource {
  const location = find(source, 'scm', 'locations', LOCATION);

  return defined<SingleSvnSource>({
    scm_id: textAt(source, 'id'),
    remote: textAt(location, 'remote'),
    credential_id: textAt(location, 'credentialsId'),
  });
}
