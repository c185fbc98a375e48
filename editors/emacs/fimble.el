;;; fimble.el --- Inline code suggestions from fimble  -*- lexical-binding: t -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "30.1"))
;; Keywords: convenience, languages, tools
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Shows what the fimble language server suggests as grey text behind the cursor.
;;
;;     (require 'fimble)
;;     (add-hook 'prog-mode-hook #'fimble-mode)
;;
;; While a suggestion is shown, TAB takes it, C-<right> its next word, C-<down> its next line, and C-g hides it;
;; typing what it says shortens it.  At all other times these keys do what they always did.
;;
;; The server is talked to through eglot, which allows one server for each buffer.  Beside another server, use
;; lsp-mode instead; docs/editors.md has the lines for it.

;;; Code:

(require 'seq)
(require 'fimble-server)

(defcustom fimble-delay 0.03
  "Pause in typing before the server is asked, in seconds; nil: ask only on \\[fimble-suggest]."
  :group 'fimble :type '(choice number (const :tag "Never by itself" nil)))

(defface fimble-ghost '((t :inherit shadow)) "How suggestions look." :group 'fimble)

(defvar-keymap fimble-active-map
  :doc "Keys that mean something else while a suggestion is shown."
  "TAB" '(menu-item "" fimble-accept :filter fimble--unless-indenting)
  "<tab>" '(menu-item "" fimble-accept :filter fimble--unless-indenting)
  "C-<right>" #'fimble-accept-word
  "C-<down>" #'fimble-accept-line
  "C-g" #'fimble-dismiss
  "<escape>" #'fimble-dismiss)

;;; The offer: what the server suggested, and how much of it is still to be typed

(cl-defstruct (fimble--offer (:constructor fimble--make-offer))
  "TEXT belongs at START; TAIL followed the cursor then; ITEM is as sent."
  text start tail item)

(defvar-local fimble--offer nil "What was suggested last in this buffer, or nil.")
(defvar-local fimble--overlay nil "Where it is drawn.")
(defvar-local fimble--shown nil "Whether it is drawn, which makes `fimble-active-map' active.")
(add-to-list 'emulation-mode-map-alists `((fimble--shown . ,fimble-active-map)))

(defun fimble--tail ()
  "The rest of the cursor's line."
  (buffer-substring-no-properties (point) (line-end-position)))

(defun fimble--rest ()
  "What of the offer is still to be typed; nil if it does not fit what is there."
  (when-let* ((offer fimble--offer)
              ((<= (fimble--offer-start offer) (point)))
              ((equal (fimble--offer-tail offer) (fimble--tail)))
              (typed (buffer-substring-no-properties (fimble--offer-start offer) (point)))
              (text (fimble--offer-text offer))
              ((string-prefix-p typed text))
              (rest (substring text (length typed)))
              ((not (string-empty-p rest))))
    rest))

;;; Drawing

(defun fimble--draw (text)
  "Show TEXT at the cursor, which stays before it."
  (let ((ghost (propertize text 'face 'fimble-ghost)))
    (put-text-property 0 1 'cursor t ghost)
    (unless fimble--overlay
      (setq fimble--overlay (make-overlay (point) (point))))
    (move-overlay fimble--overlay (point) (point))
    (overlay-put fimble--overlay 'after-string ghost)
    (setq fimble--shown t)))

(defun fimble--clear ()
  "Show nothing."
  (setq fimble--shown nil)
  (when fimble--overlay
    (delete-overlay fimble--overlay)))

(defun fimble--redraw ()
  "Show what fits of the offer; whether anything does."
  (if-let* ((rest (and (not completion-in-region-mode) (fimble--rest))))
      (progn (fimble--draw rest) t)
    (fimble--clear)
    nil))

;;; Asking

(defvar fimble-mode)

(defvar-local fimble--timer nil "Runs while the user may go on typing.")
(defvar-local fimble--waiting nil "Where the user paused when there was no server yet, or nil.")
(defvar-local fimble--tick nil "The buffer's state after the last command.")

(defun fimble--ask (kind)
  "Ask the server, KIND is 1 if the user wanted it and 2 else."
  (let ((server (fimble--server)) (buffer (current-buffer)) (at (point)) (tail (fimble--tail)))
    (setq fimble--waiting (unless server at))
    (when server
      (fimble--request-suggestions
       server kind (lambda (answer) (fimble--answered buffer at tail answer))))))

(defun fimble--catch-up ()
  "Ask for what was typed before there was a server, if the cursor is still there."
  (when (eql fimble--waiting (point))
    (fimble--ask-in (current-buffer))))
(add-hook 'eglot-managed-mode-hook #'fimble--catch-up)

(defun fimble--answered (buffer at tail answer)
  "Show what ANSWER suggests to BUFFER at AT, where TAIL followed."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (when-let* (((and fimble-mode (<= at (point-max))))
                  (item (seq-first (if (vectorp answer) answer (plist-get answer :items))))
                  (text (plist-get item :insertText))
                  ((stringp text)))
        (setq fimble--offer
              (fimble--make-offer :text text :start (fimble--start item at) :tail tail :item item))
        (when (and (eq buffer (window-buffer)) (fimble--redraw))
          (fimble--tell :textDocument/didShowCompletion `(:item ,item)))))))

(defun fimble--start (item at)
  "Where ITEM's text begins, if it was asked for at AT."
  (if-let* ((range (plist-get item :range)))
      (car (eglot-range-region range))
    at))

(defun fimble--ask-soon ()
  "Ask once the user pauses."
  (when (timerp fimble--timer)
    (cancel-timer fimble--timer))
  (when fimble-delay
    (setq fimble--timer (run-with-timer fimble-delay nil #'fimble--ask-in (current-buffer)))))

(defun fimble--ask-in (buffer)
  "Ask for BUFFER if the user is still there."
  (when (and (buffer-live-p buffer) (eq buffer (window-buffer)))
    (with-current-buffer buffer
      (when (and fimble-mode (not (use-region-p)) (not buffer-read-only))
        (fimble--ask 2)))))

(defun fimble--after-command ()
  "Shorten, hide or renew the suggestion after what the user did."
  (let ((changed (not (eql fimble--tick (buffer-chars-modified-tick)))))
    (setq fimble--tick (buffer-chars-modified-tick))
    (unless (fimble--redraw)
      (setq fimble--offer nil)
      (when (and changed (not executing-kbd-macro))
        (fimble--ask-soon)))))

;;; Taking

(defconst fimble--word
  (rx bos (* (any space "\n"))
      (or (+ (any alnum "_" nonascii)) (+ (not (any alnum "_" nonascii space "\n")))))
  "The next word in any script, or marks, with the blanks before it.")

(defun fimble--take (piece)
  "Insert PIECE, the beginning of what is shown, and tell the server."
  (let* ((offer fimble--offer) (item (fimble--offer-item offer)) (whole (equal piece (fimble--rest))))
    (undo-boundary)
    (insert piece)
    (if whole
        (fimble--accepted item)
      (let ((taken (buffer-substring-no-properties (fimble--offer-start offer) (point))))
        (fimble--tell :textDocument/didPartiallyAcceptCompletion
                      `(:item ,item :acceptedLength ,(fimble--utf-16-length taken)))))))

(defun fimble--utf-16-length (text)
  "Length of TEXT as language servers count it."
  (/ (length (encode-coding-string text 'utf-16le)) 2))

(defun fimble--accepted (item)
  "Run the command of ITEM, without waiting for it."
  (when-let* ((command (plist-get item :command)) (server (fimble--server)))
    (fimble--execute server (plist-get command :command) (plist-get command :arguments))))

(defun fimble-accept ()
  "Take the whole suggestion."
  (interactive)
  (when-let* ((rest (fimble--rest)))
    (fimble--take rest)))

(defun fimble--unless-indenting (command)
  "COMMAND, or nil where TAB is for indenting.
That is where only blanks stand before point, and the suggestion begins with a
level of indentation.  Pressed again, TAB takes the rest."
  (let ((rest (or (fimble--rest) "")))
    (unless (and (string-blank-p (buffer-substring-no-properties (line-beginning-position) (point)))
                 (string-match (rx bos (group (+ (any " \t"))) (not space)) rest)
                 (>= (string-width (match-string 1 rest)) (min tab-width standard-indent)))
      command)))

(defun fimble-accept-word ()
  "Take the suggestion's next word."
  (interactive)
  (when-let* ((rest (fimble--rest)))
    (fimble--take (if (string-match fimble--word rest) (match-string 0 rest) rest))))

(defun fimble-accept-line ()
  "Take what is left of the suggestion's line, or its next line when nothing is."
  (interactive)
  (when-let* ((rest (fimble--rest)))
    (string-match "\\`\n?[^\n]*" rest)
    (fimble--take (match-string 0 rest))))

(defun fimble-dismiss ()
  "Hide the suggestion until the text changes."
  (interactive)
  (setq fimble--offer nil)
  (fimble--clear))

(defun fimble-suggest ()
  "Ask for a suggestion now."
  (interactive)
  (setq fimble--offer nil)
  (if (fimble--server)
      (fimble--ask 1)
    (message "fimble: %s" (fimble--state-sentence))))

(defun fimble--join-in (buffer)
  "Do that for BUFFER if it wants suggestions still."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (when (and fimble-mode buffer-file-name)
        (fimble--join)))))

;;; The mode and its commands

(defun fimble--lighter ()
  "The mode line's word."
  (pcase (plist-get (fimble--current-state) :kind)
    ("ready" " fimble")
    ((or "loading" "thinking") " fimble⋯")
    ((or "off" "snoozed") " fimble-off")
    (_ " fimble!")))

;;;###autoload
(define-minor-mode fimble-mode
  "Suggest code at the cursor while typing."
  :lighter (:eval (fimble--lighter))
  (if fimble-mode
      (progn
        (setq fimble--tick (buffer-chars-modified-tick))
        (add-hook 'post-command-hook #'fimble--after-command nil t)
        (run-with-timer 0 nil #'fimble--join-in (current-buffer))) ; first whoever else wants eglot here
    (remove-hook 'post-command-hook #'fimble--after-command t)
    (fimble-dismiss)))

(defun fimble-status ()
  "Tell the server's state."
  (interactive)
  (message "fimble: %s" (fimble--state-sentence)))

(defun fimble--command (name arguments then)
  "Have the server run NAME with ARGUMENTS, and call THEN with the answer."
  (if-let* ((server (fimble--server)))
      (fimble--execute server name (vector (or arguments eglot--{})) then)
    (fimble-status)))

(defun fimble-toggle ()
  "Switch suggestions on or off, in all buffers of this server."
  (interactive)
  (fimble-dismiss)
  (fimble--command "fimble.toggle" nil
                   (lambda (answer)
                     (message "fimble: %s" (if (eq (plist-get answer :enabled) t) "on" "off")))))

(defun fimble-snooze (minutes)
  "No suggestions for some MINUTES; 0 wakes up."
  (interactive "nMinutes: ")
  (fimble-dismiss)
  (fimble--command "fimble.snooze" `(:minutes ,minutes)
                   (lambda (_) (message "fimble: %s" (fimble--snooze-sentence minutes)))))

(defun fimble--snooze-sentence (minutes)
  "What a snooze of MINUTES, which begins now, means."
  (if (zerop minutes) "on"
    (format "off for %s minute%s, until %s" minutes (if (= minutes 1) "" "s")
            (format-time-string "%H:%M" (time-add nil (* 60 minutes))))))

(defun fimble-restart ()
  "Have the server read its settings again and load its model anew."
  (interactive)
  (setq fimble--told nil)
  (if (fimble--server)
      (fimble--command "fimble.restart" nil (lambda (_) (message "fimble: restarted")))
    (fimble--join)))

(provide 'fimble)
;;; fimble.el ends here
