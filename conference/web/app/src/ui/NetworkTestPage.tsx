import { useEffect, useState } from 'react';
import { NetworkTest } from '../nettest/networkTest';
import { browserTools } from '../nettest/tools';
import type { Directory } from '../state/directory';
import controls from './controls.module.css';
import styles from './NetworkTest.module.css';
import { NetworkTestResult } from './NetworkTestResult';
import { NetworkTestSteps } from './NetworkTestSteps';
import { Card, Page } from './Page';
import { useFocusOnArrival } from './useFocusOnArrival';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';
import { useTitle } from './useTitle';

/** Whether a lesson would work on this device and in this network, and what to open if not. */
export default function NetworkTestPage({ directory }: { readonly directory: Directory }) {
  const t = useTexts().pages.netTest;
  const [test] = useState(() => new NetworkTest(browserTools));
  const state = useReadable(test);
  const [withDevices, setWithDevices] = useState(true);
  const heading = useFocusOnArrival<HTMLHeadingElement>();
  useTitle(t.title);
  useEffect(() => () => { test.stop(); }, [test]);
  return (
    <Page directory={directory}>
      <div className={styles.intro}>
        <h1 ref={heading} tabIndex={-1}>{t.title}</h1>
        <p className="screenOnly">{t.lead}</p>
      </div>
      <div className={styles.body}>
        {state.phase === 'idle' && (
          <Card>
            <div className={controls.form}>
              <label className={controls.check}>
                <input type="checkbox" checked={withDevices} onChange={(event) => { setWithDevices(event.target.checked); }} />
                <span><strong>{t.withDevices}</strong> <span className={controls.hint}>{t.withDevicesHint}</span></span>
              </label>
              <p className={controls.hint}>{t.privacy}</p>
              <button type="button" className={controls.primary} onClick={() => { void test.run(withDevices); }}>{t.start}</button>
            </div>
          </Card>
        )}
        {state.phase === 'running' && <NetworkTestSteps test={test} withDevices={withDevices} />}
        {state.phase === 'done' && (
          <NetworkTestResult findings={state.findings} directory={directory} onAgain={() => { void test.run(withDevices); }} />
        )}
      </div>
    </Page>
  );
}
