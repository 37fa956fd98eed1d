import type { ReactNode } from 'react';
import { Component, Suspense } from 'react';

interface LazilyProps {
  /** Shown until the part is there; it should be as large as the part. */
  readonly waiting: ReactNode;
  /** Shown when the part cannot be had, for example because the server was renewed since the page was loaded. */
  readonly failed: ReactNode;
  readonly children: ReactNode;
}

/** Around parts of the page that come when they are needed (React.lazy). A part that cannot be loaded takes nothing else down with it. */
export class Lazily extends Component<LazilyProps, { readonly broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { readonly broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    const { waiting, failed, children } = this.props;
    return this.state.broken ? failed : <Suspense fallback={waiting}>{children}</Suspense>;
  }
}
