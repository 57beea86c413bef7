"""Shows that the page of docs/continual.md knows every study that is declared, run or not."""
import sys
import tempfile
import unittest
from pathlib import Path

STUDIES = Path(__file__).resolve().parents[2] / "experiments" / "continual"
sys.path.insert(0, str(STUDIES))
import page


class Studies(unittest.TestCase):
    def test_are_the_files_of_the_folder(self):
        self.assertEqual(set(page.STUDIES), {path.stem for path in STUDIES.glob("*.toml")})

    def test_that_have_not_run_say_how_to_run_them(self):
        with tempfile.TemporaryDirectory() as results:
            text = page.text("no-program", STUDIES, Path(results))
        for name, heading in page.STUDIES.items():
            self.assertIn(heading, text)
            self.assertIn(f"--only {name} ", text)
        self.assertNotIn("@studies", text)


if __name__ == "__main__":
    unittest.main()
