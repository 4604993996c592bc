/** The page's registration with the switch, by way of the site. */

import JsSIP from "jssip";

const REGISTERED_S = 300;
const AGAIN_S = { least: 1, most: 3 };

/**
 * @param {string} user the page's account, as the site told it
 * @returns {any} JsSIP's UA, not started
 */
export function line(user) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return new JsSIP.UA({
    sockets: [new JsSIP.WebSocketInterface(`${scheme}://${location.host}/telephone`)],
    uri: `sip:${user}@helpline.invalid`,
    contact_uri: `sip:${user}@page.invalid;transport=ws`,
    authorization_user: user,
    password: "the site knows it", // and puts the answer right: ivr/telephony/page_guard.py
    register_expires: REGISTERED_S,
    session_timers: false,
    connection_recovery_min_interval: AGAIN_S.least,
    connection_recovery_max_interval: AGAIN_S.most,
  });
}
