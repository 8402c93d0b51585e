/**
 * Who types. One viewer of a terminal drives: its keys reach the shell and its size counts. This is what one viewer
 * knows about that role, from what the holder says of everybody and from what it asked for itself.
 */
export class Keyboard {
  /** The own link's number; null before the first welcome. */
  #me = null;
  #mayDrive = false;
  /**
   * The driver's link number, 0 for nobody; null until this link has heard of it.
   * @type {number | null}
   */
  #driver = null;
  #viewers = [];
  #giver = null;
  #isMine = false;
  #isAskedFor = false;
  #isWanted;
  /** Whether it was given up, or not asked for, only because nobody sees the page. */
  #isYielded;

  /** `isWanted`: whether to take it when nobody has it. */
  constructor(isWanted) {
    this.#isWanted = isWanted;
    this.#isYielded = !isWanted;
  }

  get mayDrive() {
    return this.#mayDrive;
  }

  /** Whether this viewer drives. Stays so while the link is away: it comes back as the driver. */
  get isMine() {
    return this.#isMine;
  }

  /** Whether this viewer drives or has just asked to: typed bytes are worth keeping. */
  get isComing() {
    return this.#isMine || this.#isAskedFor;
  }

  get isFree() {
    return this.#mayDrive && this.#driver === 0;
  }

  /** What the next hello says. */
  get isWanted() {
    return this.#isWanted || this.#isAskedFor;
  }

  /** Everybody who looks: [{link, name, mayDrive, isDriver, isMe}]. The last known while the link is away. */
  get viewers() {
    return this.#viewers;
  }

  /** Who handed it over just now, as one of `viewers`; null when it came, or did not come, in another way. */
  get giver() {
    return this.#giver;
  }

  /** A new link begins; who drives is said next. */
  welcomed({ link, mayDrive }) {
    this.#me = link;
    this.#mayDrive = mayDrive;
    this.#driver = null;
    this.#isAskedFor = false;
  }

  /**
   * The holder says who is there. Returns "mine", "handed" (mine from now on, by nobody's wish here), "theirs", "free"
   * or, while an own request is under way, "asked".
   */
  met({ driver, viewers }) {
    const isHanded =
      /** @type {number} */ (this.#driver) > 0 && this.#driver !== this.#me && driver === this.#me && !this.#isAskedFor;
    this.#giver = isHanded ? (this.#viewers.find(({ isDriver }) => isDriver) ?? null) : null;
    this.#driver = driver;
    this.#viewers = viewers.map(({ link, name, mayDrive }) => ({
      link,
      name,
      mayDrive,
      isDriver: link === driver,
      isMe: link === this.#me,
    }));
    this.#isMine = driver !== 0 && driver === this.#me;
    return isHanded ? this.#take("handed") : this.#settle();
  }

  /** Returns whether it has to be asked for: not already mine, not already asked for, and allowed. */
  ask() {
    if (!this.#mayDrive || this.isComing) return false;
    this.#isAskedFor = true;
    return true;
  }

  /** Give it up because nobody sees the page. Returns whether it was mine. */
  yield() {
    if (!this.#isMine) return false;
    this.#isMine = this.#isWanted = false;
    this.#isYielded = true;
    return true;
  }

  /** Leave it to the others, also when the page is seen again. Returns whether it was mine. */
  give() {
    if (!this.#isMine) return false;
    this.#isMine = this.#isWanted = this.#isYielded = false;
    return true;
  }

  /** The page is seen again: want it back. Returns whether it was given up and is free now. */
  reclaim() {
    if (!this.#isYielded) return false;
    this.#isYielded = false;
    this.#isWanted = true;
    return this.isFree;
  }

  /** Whether this link knows that it may type: after its own welcome and presence. */
  get isConfirmed() {
    return this.#isMine && this.#driver !== null;
  }

  #settle() {
    if (this.#isMine) return this.#take("mine");
    if (this.#isAskedFor) return "asked";
    if (this.#driver === 0) return "free";
    this.#isWanted = false;
    return "theirs";
  }

  #take(how) {
    this.#isAskedFor = false;
    this.#isWanted = true;
    return how;
  }
}
