"""A PDF as a reader has it: its pages as pictures, the QR codes found in them, its words, what is attached."""

import ctypes

import pypdfium2
import pypdfium2.raw
import zxingcpp


class Pages:
    """A PDF opened with PDFium; codes are read by ZXing from what was drawn."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._document = pypdfium2.PdfDocument(data)

    def __len__(self) -> int:
        return len(self._document)

    def close(self) -> None:
        self._document.close()

    def text(self, page: int) -> str:
        held = self._document[page].get_textpage()
        try:
            return " ".join(held.get_text_bounded().split())
        finally:
            held.close()

    def codes(self, page: int, dpi: int = 300) -> list[tuple[str, float]]:
        """Text and printed width in millimetres of each QR code on a page."""
        bitmap = self._document[page].render(scale=dpi / 72, grayscale=True)
        assert (bitmap.n_channels, bitmap.stride) == (1, bitmap.width)
        picture = memoryview(bytes(bitmap.buffer)).cast("B", (bitmap.height, bitmap.width))
        found = zxingcpp.read_barcodes(picture, zxingcpp.BarcodeFormat.QRCode, text_mode=zxingcpp.TextMode.Plain)
        return [(code.text, (code.position.top_right.x - code.position.top_left.x) / dpi * 25.4) for code in found]

    def attachments(self) -> dict[str, bytes]:
        found = {}
        for at in range(self._document.count_attachments()):
            one = self._document.get_attachment(at)
            found[one.get_name()] = bytes(ctypes.string_at(data := one.get_data(), len(data)))
        return found

    def tagged(self) -> bool:
        return bool(pypdfium2.raw.FPDFCatalog_IsTagged(self._document.raw))

    def language(self) -> str:
        return self._document.get_metadata_value("Title")
