/** Who a log-in found out: a user, and the groups that an identity provider says he is in. */
export interface Identity {
  name: string;
  uid: string;
  /**
   * Groups of the identity provider, as subjects of bindings name them; they last as long as the
   * session.
   */
  groups?: readonly string[];
}
