/** Texts of the pages around the lesson: start page, my rooms, network test, going on with another device. */
export const pages = {
  qrFailed: 'Der QR-Code konnte nicht geladen werden.',
  loading: 'Wird geladen …',
  partMissing: 'Ein Teil der Seite konnte nicht geladen werden. Vielleicht wurde sie gerade erneuert oder die Verbindung ist weg.',
  reload: 'Seite neu laden',
};
