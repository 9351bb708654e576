// A phone for tests: JsSIP as it is shipped, and an ear that tells the loudest frequency.
import JsSIP from "/jssip.js";

const WEAK = -70; // dB below which nothing is heard

class Line {
  constructor(session) {
    this.session = session;
    this.state = session.direction === "incoming" ? "ringing" : "dialling";
    this.digits = "";
    this.cause = "";
    session.on("confirmed", () => (this.state = "up"));
    session.on("ended", (event) => this.end(event));
    session.on("failed", (event) => this.end(event));
    if (session.connection) this.listen(session.connection);
    else session.on("peerconnection", (event) => this.listen(event.peerconnection));
  }

  end(event) {
    this.state = "over";
    this.cause = event.cause;
  }

  listen(connection) {
    connection.addEventListener("track", (event) => {
      const stream = event.streams[0] ?? new MediaStream([event.track]);
      const player = new Audio(); // Chromium decodes a remote stream only where something plays it
      player.srcObject = stream;
      player.muted = true;
      player.play();
      this.player = player;
      this.analyser = window.phone.context.createAnalyser();
      this.analyser.fftSize = 8192;
      this.analyser.smoothingTimeConstant = 0;
      window.phone.context.createMediaStreamSource(stream).connect(this.analyser);
    });
  }

  peak() {
    if (!this.analyser) return 0;
    const spectrum = new Float32Array(this.analyser.frequencyBinCount);
    this.analyser.getFloatFrequencyData(spectrum);
    const loudest = spectrum.indexOf(Math.max(...spectrum));
    if (spectrum[loudest] < WEAK) return 0;
    return (loudest * window.phone.context.sampleRate) / this.analyser.fftSize;
  }

  async codecs() {
    const report = await this.session.connection.getStats();
    const names = new Set();
    for (const entry of report.values())
      if (entry.type === "inbound-rtp" || entry.type === "outbound-rtp") names.add(report.get(entry.codecId)?.mimeType);
    return [...names].filter(Boolean);
  }

  async roundTrip() {
    const report = await this.session.connection.getStats();
    for (const entry of report.values()) if (entry.type === "remote-inbound-rtp") return entry.roundTripTime ?? null;
    return null;
  }
}

class Phone {
  constructor() {
    this.context = new AudioContext();
    this.lines = [];
    this.registered = false;
  }

  start({ server, uri, password }) {
    this.socket = new JsSIP.WebSocketInterface(server);
    this.agent = new JsSIP.UA({ sockets: [this.socket], uri, password, register_expires: 600 });
    this.agent.on("registered", () => (this.registered = true));
    this.agent.on("unregistered", () => (this.registered = false));
    this.agent.on("newRTCSession", ({ session }) => this.lines.push(new Line(session)));
    this.agent.start();
  }

  breakConnection() {
    this.registered = false;
    this.socket._ws.close(); // JsSIP has no word for an accident
  }

  dial(uri) {
    this.agent.call(uri, { mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } });
  }

  get line() {
    return this.lines.at(-1);
  }

  answer() {
    this.line.session.answer({ mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } });
  }

  press(digits) {
    this.line.session.sendDTMF(digits, { transportType: JsSIP.C.DTMF_TRANSPORT.RFC2833, duration: 120, interToneGap: 120 });
  }
}

window.phone = new Phone();
