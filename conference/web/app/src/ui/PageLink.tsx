import type { MouseEvent, ReactNode } from 'react';
import { navigate } from './path';

interface PageLinkProps {
  readonly to: string;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}

/** A link to another page of this program: no new load, but "open in a new tab" works as with every link. */
export function PageLink({ to, className, children }: PageLinkProps) {
  const follow = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={to} className={className} onClick={follow}>{children}</a>;
}
