const start = 'beitreten';
const measure = 'beitreten-erstes-bild';

/** Starts the clock: a click on "Beitreten". The figure stays in this browser; it is not sent anywhere. */
export function markJoin(): void {
  performance.clearMarks(start);
  performance.clearMeasures(measure);
  performance.mark(start);
}

/** Stops the clock when nobody had a camera on at the moment of joining: a later picture says nothing about the join. */
export function forgetJoin(): void {
  performance.clearMarks(start);
}

/** Called with the first remote video frame; the first call after markJoin makes the measure. */
export function markFirstPicture(): void {
  if (performance.getEntriesByName(start, 'mark').length === 0) return;
  performance.measure(measure, start);
  performance.clearMarks(start);
}
