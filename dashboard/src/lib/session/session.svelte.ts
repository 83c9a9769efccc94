/** Who is signed in. */
import { goto } from '$app/navigation';
import { ask, onSignedOut, tell } from '$lib/api/client';
import { Problem } from '$lib/api/problems';
import { live } from '$lib/live/live.svelte';
import { paths } from '$lib/paths';
import { Session, SessionWithoutTeam, SignInOptions, SignOut, type Viewer } from './queries';

/** The pages that are for people who are not signed in as well. */
const OPEN: readonly string[] = [
  paths.signIn,
  paths.setup,
  paths.acceptInvitation,
  paths.resetPassword,
  paths.forgotPassword,
];

class CurrentSession {
  viewer = $state.raw<Viewer>();
  version = $state('');
  /** Why it cannot be found out who is signed in. */
  problem = $state.raw<Problem>();
  #leaving = false;

  constructor() {
    onSignedOut(() => void this.#gone());
  }

  /** Find out who is signed in, and follow what they may see. Somebody who is not goes to sign in. */
  async begin(): Promise<void> {
    try {
      const { viewer, eventCursor, version } = await ask(Session, {});
      this.viewer = viewer;
      this.version = version;
      this.problem = undefined;
      // A right that has changed closes the socket as one that has ended does: it is found out which it was.
      live.start(eventCursor, () => void this.begin());
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === 'FORBIDDEN') await this.#beginWithoutTeam();
      else if (error.code !== 'UNAUTHENTICATED') this.problem = error;
    }
  }

  /** `everywhere`: in all other browsers too. */
  async signOut(everywhere = false): Promise<void> {
    live.stop();
    await tell(SignOut, { input: { everywhere } });
    this.viewer = undefined;
    await goto('/sign-in');
  }

  async #beginWithoutTeam(): Promise<void> {
    live.stop();
    try {
      this.viewer = (await ask(SessionWithoutTeam, {})).viewer;
      this.problem = undefined;
      live.readAnew(true);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code !== 'UNAUTHENTICATED') this.problem = error;
    }
  }

  async #gone(): Promise<void> {
    live.stop();
    const ended = this.viewer !== undefined;
    this.viewer = undefined;
    if (this.#leaving || OPEN.includes(location.pathname)) return;
    // Each question under way is refused, and only the first finds that somebody was signed in.
    this.#leaving = true;
    try {
      await this.#leave(ended);
    } finally {
      this.#leaving = false;
    }
  }

  async #leave(ended: boolean): Promise<void> {
    const then = new URLSearchParams({ next: location.pathname + location.search, ...(ended && { ended: '' }) });
    const { signInOptions } = await ask(SignInOptions, {});
    await goto(signInOptions.ownerNeeded ? paths.setup : `${paths.signIn}?${then}`);
  }
}

export const session = new CurrentSession();
