// The other end of the PeerConnection for page tests: a second page of the same browser that answers offers with drawn pictures and a tone.
// It plays the part of the server, so that the rooms in these tests show real, decoded video.

/** Opens the page, for as many tests as there are: each takes a `line()` of its own and hangs it up. */
export async function openCounterpart(browser) {
  const page = await browser.newPage();
  await page.goto('about:blank');
  let lines = 0;
  return {
    line() {
      const line = (lines += 1);
      let over = false;
      let rate = 10;
      return {
        /** Resolves to {sdp, audio, video} with the mids in order; never, if it is hung up meanwhile. */
        answer: (sdp, pictures) => page.evaluate(answerOffer, { line, sdp, pictures, rate }).catch((error) => {
          if (over) return new Promise(() => undefined);
          throw error;
        }),
        /** From the next call on two pictures a second are drawn, not ten: what is only looked at need not move, which is most of the work. */
        slowDown() {
          rate = 2;
        },
        /** Sends no picture for so many milliseconds. */
        standStill: (pause) => page.evaluate(sendNothing, { line, pause }),
        hangUp() {
          over = true;
          return page.evaluate((l) => {
            globalThis.calls?.get(l)?.forEach((call) => call.end());
            globalThis.calls?.delete(l);
          }, line);
        },
      };
    },
    close: () => page.close(),
  };
}

/* Runs in the page. */
async function sendNothing({ line, pause }) {
  const senders = globalThis.calls.get(line).flatMap((call) => call.connection.getSenders()).filter((s) => s.track?.kind === 'video' && s.track.readyState === 'live');
  const tracks = senders.map((s) => s.track);
  await Promise.all(senders.map((s) => s.replaceTrack(null)));
  await new Promise((resolve) => { setTimeout(resolve, pause); });
  await Promise.all(senders.map((s, i) => s.replaceTrack(tracks[i]).catch(() => undefined)));
}

/* Runs in the page. */
async function answerOffer({ line, sdp, pictures, rate }) {
  const drawings = {
    face(context, width, height, hue, time) {
      const light = context.createLinearGradient(0, 0, width, height);
      light.addColorStop(0, `hsl(${hue} 38% 78%)`);
      light.addColorStop(1, `hsl(${hue + 40} 34% 52%)`);
      context.fillStyle = light;
      context.fillRect(0, 0, width, height);
      const sway = Math.sin(time / 600 + hue) * 8;
      context.fillStyle = `hsl(${hue + 190} 42% 34%)`;
      context.beginPath();
      context.ellipse(width / 2 + sway / 2, height * 1.04, width * 0.24, height * 0.36, 0, 0, 7);
      context.fill();
      context.fillStyle = `hsl(${22 + (hue % 14)} 48% ${48 + (hue % 28)}%)`;
      context.beginPath();
      context.ellipse(width / 2 + sway, height * 0.47, width * 0.105, height * 0.235, 0, 0, 7);
      context.fill();
      context.fillStyle = `hsl(${hue % 50} 32% 22%)`;
      context.beginPath();
      context.ellipse(width / 2 + sway, height * 0.34, width * 0.118, height * 0.15, 0, Math.PI, 2 * Math.PI);
      context.fill();
    },
    slide(context, width, height, _hue, time) {
      context.fillStyle = '#fffdf7';
      context.fillRect(0, 0, width, height);
      context.fillStyle = '#14201d';
      context.font = `bold ${height / 11}px sans-serif`;
      context.fillText('Brüche vergleichen', width * 0.07, height * 0.17);
      context.font = `${height / 18}px sans-serif`;
      context.fillText('Welcher Kreis ist weiter gefüllt?', width * 0.07, height * 0.29);
      [0.75, 0.6, 0.9].forEach((part, index) => {
        const x = width * (0.22 + index * 0.28);
        const y = height * 0.62;
        const radius = height * 0.2;
        context.fillStyle = '#dcefeb';
        context.beginPath();
        context.arc(x, y, radius, 0, 7);
        context.fill();
        context.fillStyle = '#0b6e5f';
        context.beginPath();
        context.moveTo(x, y);
        context.arc(x, y, radius, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * part);
        context.fill();
      });
      context.fillStyle = '#ffc94d';
      context.fillRect(width * 0.07, height * 0.93, (width * 0.86 * (time % 8000)) / 8000, height * 0.015);
    },
  };
  // Fine noise, hard to compress.
  drawings.noise = (context, width, height) => {
    const image = context.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    for (let i = 0; i < pixels.length; i++) pixels[i] = 0xff000000 | (Math.random() * 0x1000000);
    context.putImageData(image, 0, 0);
  };
  const paints = [];
  const paintAll = () => { for (const paint of paints) paint(); };
  let timer;
  const film = ({ kind, hue, width, height }) => {
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext('2d');
    const paint = () => drawings[kind](context, width, height, hue, performance.now());
    paint();
    paints.push(paint);
    return canvas.captureStream(10).getVideoTracks()[0];
  };
  let sound;
  const tone = () => {
    sound = new AudioContext();
    const target = sound.createMediaStreamDestination();
    const oscillator = sound.createOscillator();
    oscillator.connect(target);
    oscillator.start();
    return target.stream.getAudioTracks()[0];
  };

  const connection = new RTCPeerConnection();
  const end = () => {
    clearInterval(timer);
    for (const { sender } of connection.getTransceivers()) sender.track?.stop();
    void sound?.close();
    sound = undefined;
    connection.close();
  };
  // A page that is gone must not cost anything any more.
  connection.onconnectionstatechange = () => {
    if (['failed', 'closed'].includes(connection.connectionState)) end();
  };
  globalThis.calls ??= new Map();
  globalThis.calls.set(line, [...(globalThis.calls.get(line) ?? []), { connection, end }]);
  await connection.setRemoteDescription({ type: 'offer', sdp });
  // The page sends microphone, camera, screen and the screen's sound; what follows it receives.
  const receiving = connection.getTransceivers().slice(4);
  const audio = receiving.filter((t) => t.receiver.track.kind === 'audio');
  const video = receiving.filter((t) => t.receiver.track.kind === 'video');
  for (const transceiver of receiving) transceiver.direction = 'sendonly';
  if (audio[0]) await audio[0].sender.replaceTrack(tone());
  await Promise.all(pictures.slice(0, video.length).map((picture, i) => video[i].sender.replaceTrack(film(picture))));
  timer = setInterval(paintAll, 1000 / rate);
  await connection.setLocalDescription(await connection.createAnswer());
  await new Promise((resolve) => {
    if (connection.iceGatheringState === 'complete') resolve();
    connection.onicegatheringstatechange = () => connection.iceGatheringState === 'complete' && resolve();
  });
  return { sdp: connection.localDescription.sdp, audio: audio.map((t) => t.mid), video: video.map((t) => t.mid) };
}
