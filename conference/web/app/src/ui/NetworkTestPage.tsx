import type { Directory } from '../state/directory';
import { Page } from './Page';

export default function NetworkTestPage({ directory }: { readonly directory: Directory }) {
  return <Page directory={directory}><p /></Page>;
}
