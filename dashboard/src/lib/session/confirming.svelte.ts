/** What takes a sign-in of the last minutes: it is asked for when it is needed, and then what was wanted goes on. */
import { Problem } from '$lib/api/problems';

class Confirming {
  /** Whether it is being asked for. */
  open = $state(false);
  #answer: (confirmed: boolean) => void = () => undefined;

  /** What `act` gives, after it was shown that it is still they, where that is needed. Throws what `act` throws. */
  async first<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Problem) || !error.has('CONFIRMATION_NEEDED') || !(await this.#asked())) throw error;
    }
    return await act();
  }

  answer(confirmed: boolean): void {
    this.open = false;
    this.#answer(confirmed);
    this.#answer = () => undefined;
  }

  #asked(): Promise<boolean> {
    this.open = true;
    return new Promise((resolve) => (this.#answer = resolve));
  }
}

export const confirming = new Confirming();
