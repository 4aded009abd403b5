/** A user who has logged in, and their groups at the identity provider. */
export interface Identity {
  name: string;
  uid: string;
  /**
   * Groups of the identity provider, as subjects of bindings name them; valid as long as the
   * session.
   */
  groups?: readonly string[];
}
