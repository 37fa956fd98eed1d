/** Texts of the door and of what organisers do in the lesson. */
export const moderation = {
  door: {
    lobbyTitle: 'Sie sind im Warteraum',
    lobby: 'Gleich lässt Sie jemand herein.',
    sentToLobby: 'Die Lehrkraft hat Sie in den Warteraum geschickt. Gleich lässt Sie jemand wieder herein.',
    interrupted: 'Die Lehrkraft ist nicht mehr da, deshalb warten alle vor der Tür. Sobald sie zurück ist, sind Sie von selbst wieder im Raum.',
    interruptedHint: 'Lassen Sie dieses Fenster einfach offen. Den Raumcode brauchen Sie nicht noch einmal.',
    taken: 'Hier unterrichtet gerade jemand anderes. Ihre Anmeldung gilt in diesem Raum nicht; mit dem Raumcode kommen Sie wie alle anderen hinein.',
  },

  muted: {
    organiser: {
      microphone: 'Die Lehrkraft hat Ihr Mikrofon stummgeschaltet.',
      camera: 'Die Lehrkraft hat Ihre Kamera ausgeschaltet.',
      screen: 'Die Lehrkraft hat Ihre Bildschirmfreigabe beendet.',
    },
    settings: {
      microphone: 'Ihr Mikrofon ist aus: Gerade spricht nur, wem die Lehrkraft es erlaubt.',
      camera: 'Ihre Kamera ist aus: Gerade sind Kameras nicht erlaubt.',
      screen: 'Ihre Bildschirmfreigabe ist beendet: Teilen ist gerade nicht erlaubt.',
    },
    emergency: {
      microphone: 'Die Lehrkraft hat den Unterricht angehalten. Ihr Mikrofon ist aus.',
      camera: 'Die Lehrkraft hat den Unterricht angehalten. Ihre Kamera ist aus.',
      screen: 'Die Lehrkraft hat den Unterricht angehalten. Ihre Bildschirmfreigabe ist beendet.',
    },
  },
};
