// Three in one conversation: to each of the two far ends goes our microphone and the voice of the other one.

export class Mixer {
  private context: AudioContext | null = null;
  private microphone = new Map<RTCRtpSender, MediaStreamTrack>();

  async join(first: RTCPeerConnection, second: RTCPeerConnection): Promise<void> {
    this.context = new AudioContext();
    await this.feed(first, second);
    await this.feed(second, first);
  }

  /** What `to` is sent: the microphone it has had, and what `from` brings. */
  private async feed(to: RTCPeerConnection, from: RTCPeerConnection): Promise<void> {
    const context = this.context;
    const sender = to.getSenders().find(({ track }) => track?.kind === "audio");
    const voice = from.getReceivers().find(({ track }) => track.kind === "audio")?.track;
    if (!context || !sender?.track || !voice) return;
    const mixed = context.createMediaStreamDestination();
    for (const track of [sender.track, voice]) context.createMediaStreamSource(new MediaStream([track])).connect(mixed);
    this.microphone.set(sender, sender.track);
    await sender.replaceTrack(mixed.stream.getAudioTracks()[0] ?? null);
  }

  /** Give those that are left their microphone back. */
  async part(connections: readonly RTCPeerConnection[]): Promise<void> {
    for (const connection of connections)
      for (const sender of connection.getSenders()) {
        const track = this.microphone.get(sender);
        if (track) await sender.replaceTrack(track);
      }
    this.microphone.clear();
    await this.context?.close();
    this.context = null;
  }
}
