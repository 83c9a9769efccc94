/** What a database uses, as it is told about once a second. */
import { live } from '$lib/live';
import { DatabaseStats, type DatabaseSample } from './queries';

const OLD = 5_000; // ms after which a figure is none any more

/** The newest sample while the component is there; undefined when there is none of late. */
export function databaseStats(
  databaseId: () => string | undefined,
  told: (sample: DatabaseSample) => void = () => undefined,
) {
  let sample = $state.raw<DatabaseSample>();
  $effect(() => {
    const id = databaseId();
    if (id === undefined) return;
    let old: ReturnType<typeof setTimeout> | undefined;
    const stop = live.follow(
      DatabaseStats,
      () => ({ databaseId: id }),
      ({ databaseStats }) => {
        clearTimeout(old);
        old = setTimeout(() => (sample = undefined), OLD);
        sample = databaseStats;
        told(databaseStats);
      },
    );
    return () => {
      clearTimeout(old);
      sample = undefined;
      stop();
    };
  });
  return {
    get sample() {
      return sample;
    },
  };
}
